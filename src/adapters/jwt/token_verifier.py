"""JSON Web Tokens, verified as RFC 8725 advises: algorithm, issuer and audience are given, never taken from the token.

The messages of errors are chosen here: PyJWT's own messages may quote a part of the token.
"""

import asyncio
import math
import time
from collections.abc import Mapping
from typing import Any

import jwt

from adapters.jwt.keys import KeySource
from chat_core.domain.principal import Principal
from chat_core.errors import Forbidden, Unauthenticated, Unavailable
from chat_core.ports import TokenVerifier

MAX_TOKEN_LENGTH = 8192
"""Characters. API Gateway takes 10,240 bytes of headers in all (its quotas)."""

DEFAULT_LEEWAY_SECONDS = 60.0
"""How far the clock of the issuer may differ from ours."""

TYPES = {"jwt", "at+jwt"}
"""The accepted values of `typ`, if a token has one: RFC 7519, 5.1 (JSON Web Token), RFC 9068, 2.1 (access token)."""

_REQUIRED = ["exp", "sub"]


class _OfAnotherType(jwt.InvalidTokenError):
    """A token for another purpose, such as a logout token (`logout+jwt`), signed by the same issuer."""


_REASONS: Mapping[type[Exception], str] = {
    _OfAnotherType: "The token is of another type.",
    jwt.ExpiredSignatureError: "The token has expired.",
    jwt.ImmatureSignatureError: "The token is not valid yet.",
    jwt.InvalidSignatureError: "The token's signature is wrong.",
    jwt.InvalidAlgorithmError: "The token is signed with another algorithm.",
    jwt.MissingRequiredClaimError: "The token lacks exp or sub.",
    jwt.PyJWTError: "The token is malformed.",
    # Deep nesting, and an infinite number instead of a time: Python's parser takes both.
    RecursionError: "The token is malformed.",
    OverflowError: "The token is malformed.",
}
"""By exception, the narrow before the wide."""


class JwtTokenVerifier(TokenVerifier):
    """Accepts signed tokens that expire and name a subject (`exp`, `sub`)."""

    def __init__(
        self,
        keys: KeySource,
        *,
        issuer: str | None = None,
        audience: str | None = None,
        token_use: str | None = None,
        leeway_seconds: float = DEFAULT_LEEWAY_SECONDS,
    ) -> None:
        """Make a verifier.

        Args:
            keys: the trusted keys, and the algorithms that they are for.
            issuer: the required `iss`; None for any.
            audience: the value that `aud` has to contain; None for any.
            token_use: the required `token_use`, a claim of Cognito: `access` or `id`; None for any, and for other
                issuers, which have no such claim.
            leeway_seconds: the tolerance for `exp` and `nbf`.

        """
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._token_use = token_use
        self._leeway = leeway_seconds

    async def verify(self, *, token: str, deadline: float = math.inf) -> Principal:
        seconds = None if deadline == math.inf else deadline - time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                claims = await self._claims(token)
        except TimeoutError as exc:
            raise Unavailable("The keys could not be read in time.") from exc
        except tuple(_REASONS) as exc:
            # Not chained: the text of the exception may quote the token.
            raise Unauthenticated(_reason(exc)) from None
        self._check_parties(claims)
        if not claims["sub"]:
            raise Unauthenticated("The token has no subject.")
        return Principal(id=claims["sub"])

    async def _claims(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a genuine token; raises one of `_REASONS` for any other token."""
        if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
            raise jwt.DecodeError
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in self._keys.algorithms:
            raise jwt.InvalidAlgorithmError
        if not _is_type_taken(header.get("typ")):
            raise _OfAnotherType
        key = await self._keys.find(kid=header.get("kid"))
        if key is None:
            raise jwt.InvalidSignatureError
        # Only the algorithm that this key is for.
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            leeway=self._leeway,
            options={"require": _REQUIRED, "verify_aud": False, "verify_iss": False},
        )

    def _check_parties(self, claims: Mapping[str, Any]) -> None:
        if self._issuer is not None and claims.get("iss") != self._issuer:
            raise Forbidden("The token is of another issuer.")
        # Cognito's access tokens have no `aud` and name the application in `client_id` (Cognito developer guide,
        # "Verifying JSON web tokens").
        audience = claims.get("aud", claims.get("client_id"))
        audiences = audience if isinstance(audience, list) else [audience]
        if self._audience is not None and self._audience not in audiences:
            raise Forbidden("The token is for another audience.")
        if self._token_use is not None and claims.get("token_use") != self._token_use:
            raise Forbidden("The token is for another use.")


def _is_type_taken(typ: object) -> bool:
    """Return whether a token with this `typ` is accepted (RFC 8725, 3.11)."""
    if typ is None:
        return True
    # A media type: its case does not matter, and its `application/` may be left out (RFC 7515, 4.1.9).
    return isinstance(typ, str) and typ.lower().removeprefix("application/") in TYPES


def _reason(exc: Exception) -> str:
    return next(reason for kind, reason in _REASONS.items() if isinstance(exc, kind))
