"""The chat on the emulator: its template, its page, and the command `chat local`."""

__all__: list[str] = []
