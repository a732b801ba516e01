"""The port to whatever vouches for those who connect."""

import math
from abc import abstractmethod
from typing import Protocol

from chat_core.model import Principal


class TokenVerifier(Protocol):
    """Tells for whom a token speaks, when a connection is opened.

    A token is judged by the keys, and in the time, of the call; one that was good may be refused later. No error's
    text holds anything of the token.
    """

    @abstractmethod
    async def verify(self, *, token: str, deadline: float = math.inf) -> Principal:
        """Return whom the token was issued to.

        Args:
            token: as the client has sent it.
            deadline: when to give up, on the scale of `time.monotonic()`, in seconds.

        Raises:
            Unauthenticated: it is malformed, no trusted key has signed it, or it is not valid now.
            Forbidden: it is genuine, and meant for another service or issued by another party.
            Unavailable: there is nothing to judge it by; the same token may be accepted later.

        """
        ...
