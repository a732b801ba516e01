"""The port to the authority that authenticates clients."""

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Values that a chat may never need are not imported in a cold start.
    from chat_core.domain.principal import Principal


class TokenVerifier(Protocol):
    """Verifies the token with which a client opens a connection.

    A token is judged by the keys and the time of the call: a token that was valid may be refused later. The text of an
    error never contains any part of the token.
    """

    @abstractmethod
    async def verify(self, *, token: str, deadline: float = math.inf) -> "Principal":
        """Return the user that the token was issued to.

        Args:
            token: as the client sent it.
            deadline: when to give up, on the scale of `time.monotonic()`, in seconds.

        Raises:
            Unauthenticated: the token is malformed, is not signed by a trusted key, or is not valid now.
            Forbidden: the token is genuine, but meant for another service or issued by another party.
            Unavailable: no key can be fetched now; the same token may be accepted later.

        """
        ...
