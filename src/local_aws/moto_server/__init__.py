"""Embedded AWS: moto in a process of its own, taught what WebSocket APIs need of it."""

__all__: list[str] = []
