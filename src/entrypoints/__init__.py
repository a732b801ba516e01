"""What runs the chat: AWS Lambda, and a laptop."""

__all__: list[str] = []
