"""The process of the embedded AWS: moto, extended for WebSocket APIs."""

__all__: list[str] = []
