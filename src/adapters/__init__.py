"""Implementations of the core's ports. Nothing is imported here: who uses one adapter never loads another's library."""

__all__: list[str] = []
