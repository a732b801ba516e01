"""The sizes that a transport and a queue carry. The entrypoint knows them, since they are its vendor's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the transport and the queue take at most."""

    payload_bytes: int = 128 * 1024
    """Bytes of one WebSocket message, in either direction, in UTF-8."""
    job_recipients: int = 1000
    """Recipients that one delivery job names."""
