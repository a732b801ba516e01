"""What a developer works with: reloading, debugging, a readable trace of events."""

__all__: list[str] = []
