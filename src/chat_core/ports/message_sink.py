"""The port to the transport that carries payloads to connections."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Values that a chat may never need are not imported in a cold start.
    from chat_core.domain.outcome import Outcomes


class MessageSink(Protocol):
    """Carries one payload to many connections, each independently of the others.

    A connection that is slow, gone or throttled neither delays nor fails the others. Delivery is at most once for
    every outcome that is certain. If a transport cannot tell whether a payload was taken, its adapter says which way it
    errs. Two payloads that are handed in one after the other may overtake each other.
    """

    @abstractmethod
    async def deliver(self, *, payload: str, connection_ids: Sequence[str], deadline: float) -> "Outcomes":
        """Deliver the payload to each connection; return when every outcome is known.

        Never raises for what happens to a delivery: that is its outcome.

        Args:
            payload: what the client receives, as text.
            connection_ids: without repetition; may be empty.
            deadline: on the scale of `time.monotonic()`, in seconds. A delivery that is not settled soon after it has
                failed.

        """
        ...

    @abstractmethod
    async def disconnect(self, *, connection_ids: Sequence[str], deadline: float) -> Sequence[str]:
        """End the connections; return those that have certainly ended, whichever side ended them.

        Never raises for what happens to one of them; the arguments are those of `deliver`.
        """
        ...
