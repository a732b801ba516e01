"""Who may connect, as a table of tokens."""

import math
from collections.abc import Mapping

from chat_core.errors import Unauthenticated
from chat_core.model import Principal
from chat_core.ports import TokenVerifier


class MemoryTokenVerifier(TokenVerifier):
    """Knows every token by heart; the mapping may change at any time, since it is read at each call."""

    def __init__(self, principals: Mapping[str, Principal]) -> None:
        self._principals = principals

    async def verify(self, *, token: str, deadline: float = math.inf) -> Principal:
        principal = self._principals.get(token)
        if principal is None:
            raise Unauthenticated("The token is unknown.")
        return principal
