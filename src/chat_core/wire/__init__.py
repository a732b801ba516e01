"""The wire formats: how frames become commands, and how replies, faults and events become payloads.

Nothing outside this package knows a format. docs/protocol.md describes them for clients.
"""

__all__: list[str] = []
