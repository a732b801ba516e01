"""The payloads of one event."""

from chat_core.domain.events import Event
from chat_core.wire.codec import Codec
from chat_core.wire.codecs import Codecs


class Payloads:
    """An event as each codec encodes it: once, when its first recipient needs it.

    Raises:
        MessageTooLarge: in some codec the event is too large, so that no recipient receives it.
        MalformedFrame: the event's data cannot be sent in a text frame.

    """

    def __init__(self, codecs: Codecs, event: Event) -> None:
        codecs.check_event(event)
        self._codecs = codecs
        self._event = event
        self._encoded: dict[str, str | None] = {}

    def knows(self, codec: str) -> bool:
        """Return whether there is a codec of this name."""
        return self._codecs.named(codec) is not None

    def encoded(self, codec: str) -> str | None:
        """Return the payload for recipients with this codec, or None if they do not see such events."""
        if codec not in self._encoded:
            known: Codec | None = self._codecs.named(codec)
            self._encoded[codec] = None if known is None else known.encode_event(self._event)
        return self._encoded[codec]
