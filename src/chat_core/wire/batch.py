"""Several events of one room, as each group of its members receives them."""

from collections.abc import Sequence
from dataclasses import replace

from chat_core.domain.connection import Group
from chat_core.domain.events import Event, MemberJoined, MemberLeft, MessagePublished
from chat_core.domain.room import RoomOptions
from chat_core.wire.codecs import Codecs

EVERYTHING = -1
"""The position of a member that was told nothing yet."""


class Batch:
    """Events in their order. Each is encoded once for a codec, when the first recipient with that codec needs it."""

    def __init__(self, codecs: Codecs, events: Sequence[Event], *, options: RoomOptions) -> None:
        self._codecs = codecs
        self._events = events
        self._options = options
        self._payloads: dict[str, list[str | None]] = {}
        self._frames: dict[tuple[Group, int], Sequence[str]] = {}

    def knows(self, codec: str) -> bool:
        """Return whether there is a codec of this name."""
        return self._codecs.named(codec) is not None

    @property
    def first_offset(self) -> int | None:
        """The offset of the first message that has one."""
        return next((offset for each in self._events if (offset := _offset(each))), None)

    def frames(self, group: Group, *, told: int = EVERYTHING) -> Sequence[str]:
        """Return the WebSocket messages for members of a group, whose codec is known.

        Args:
            group: whose.
            told: the offset up to which they have heard everything already.

        """
        key = group, told
        if key not in self._frames:
            payloads = [
                payload
                for event, payload in zip(self._events, self._encoded(group.codec), strict=True)
                if payload is not None and self._is_for(event, group, told)
            ]
            codec = self._codecs.of_sender(group.codec)
            self._frames[key] = codec.frames(payloads, payload_bytes=self._codecs.payload_bytes)
        return self._frames[key]

    def _encoded(self, name: str) -> Sequence[str | None]:
        if name not in self._payloads:
            codec = self._codecs.of_sender(name)
            self._payloads[name] = [codec.encode_event(self._shown(each)) for each in self._events]
        return self._payloads[name]

    def _shown(self, event: Event) -> Event:
        """Return the event as members are shown it: a place in a stream that nobody keeps would promise recovery."""
        if isinstance(event, MessagePublished) and not self._options.keeps_history:
            return replace(event, offset=0)
        return event

    def _is_for(self, event: Event, group: Group, told: int) -> bool:
        if isinstance(event, MemberJoined | MemberLeft):
            return group.wants_join_leave or self._options.force_push_join_leave
        offset = _offset(event)
        return not offset or offset > told


def _offset(event: Event) -> int:
    return event.offset if isinstance(event, MessagePublished) else 0
