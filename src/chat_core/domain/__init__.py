"""The values of a chat, and their rules. Nothing in here is awaited."""

__all__: list[str] = []
