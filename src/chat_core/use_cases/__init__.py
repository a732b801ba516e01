"""What the chat does: one use case a module, each a dataclass of ports that is called with what happened."""

__all__: list[str] = []
