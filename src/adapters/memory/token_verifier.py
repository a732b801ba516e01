"""Tokens in a mapping."""

import math
from collections.abc import Mapping

from chat_core.domain.principal import Principal
from chat_core.errors import Unauthenticated
from chat_core.ports import TokenVerifier


class MemoryTokenVerifier(TokenVerifier):
    """Knows the principal of each token. The mapping is read at each call, so it may change at any time."""

    def __init__(self, principals: Mapping[str, Principal]) -> None:
        self._principals = principals

    async def verify(self, *, token: str, deadline: float = math.inf) -> Principal:
        principal = self._principals.get(token)
        if principal is None:
            raise Unauthenticated("The token is unknown.")
        return principal
