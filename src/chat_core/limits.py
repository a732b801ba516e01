"""The sizes that a transport carries, and what one client may have. The entrypoint knows its vendor's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the transport takes at most, and what a client may have."""

    payload_bytes: int = 128 * 1024
    """Bytes of one WebSocket message, in either direction, in UTF-8."""
    rooms_per_connection: int = 128
    """Rooms that one connection can be in, as Centrifugo has it (`client.channel_limit`)."""
    publications_at_once: int = 300
    """Publications that one reply has, as Centrifugo has it (`client.history_max_publication_limit`)."""
    presence_members: int = 1000
    """Members that one reply lists. Whoever has more can be counted."""
