"""JSON Web Tokens, verified as RFC 8725 advises: algorithm, issuer and audience are given, never taken from the token.

Reasons that are told are chosen from here: PyJWT's own messages may quote what they could not read.
"""

import asyncio
import math
import time
from collections.abc import Mapping
from typing import Any

import jwt

from adapters.jwt.keys import KeySource
from chat_core.domain import Principal
from chat_core.errors import Forbidden, Unauthenticated, Unavailable
from chat_core.ports import TokenVerifier

MAX_TOKEN_LENGTH = 8192
"""Characters. API Gateway takes 10,240 bytes of headers in all (its quotas)."""

DEFAULT_LEEWAY_SECONDS = 60.0
"""How far the issuer's clock may be from ours."""

TYPES = {"jwt", "at+jwt"}
"""What `typ` may be, where there is one: a JSON Web Token (RFC 7519, 5.1), an access token (RFC 9068, 2.1)."""

_REQUIRED = ["exp", "sub"]


class _OfAnotherType(jwt.InvalidTokenError):
    """A logout token (`logout+jwt`), a security event: the same issuer signs them, and they let nobody in."""


_REASONS: Mapping[type[Exception], str] = {
    _OfAnotherType: "The token is of another type.",
    jwt.ExpiredSignatureError: "The token has expired.",
    jwt.ImmatureSignatureError: "The token is not valid yet.",
    jwt.InvalidSignatureError: "The token's signature is wrong.",
    jwt.InvalidAlgorithmError: "The token is signed with another algorithm.",
    jwt.MissingRequiredClaimError: "The token lacks exp or sub.",
    jwt.PyJWTError: "The token is malformed.",
    # Deep nesting, and an infinite number where a time should be: both are JSON to Python.
    RecursionError: "The token is malformed.",
    OverflowError: "The token is malformed.",
}
"""By exception, narrow before wide."""


class JwtTokenVerifier(TokenVerifier):
    """Takes signed tokens that expire and name whom they are about (`exp`, `sub`)."""

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
            keys: whose signatures are trusted, and with which algorithms.
            issuer: the `iss` that is demanded; None for any.
            audience: what has to be among the `aud`; None for any.
            token_use: the `token_use` that is demanded, by which Cognito tells its tokens apart: `access` or `id`; None
                for any, and for other issuers, which have no such claim.
            leeway_seconds: by how much `exp` and `nbf` may be missed.

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
            # Not chained: the exception's text is not ours.
            raise Unauthenticated(_reason(exc)) from None
        self._check_parties(claims)
        if not claims["sub"]:
            raise Unauthenticated("The token is about nobody.")
        return Principal(id=claims["sub"])

    async def _claims(self, token: str) -> Mapping[str, Any]:
        """Return what a genuine token says; raises one of `_REASONS` for any other."""
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
        # Of the allowed algorithms, only the one that this key is for.
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
    """Say whether a token with this `typ` may be one for us (RFC 8725, 3.11)."""
    if typ is None:
        return True
    # A media type: its case does not matter, and its `application/` may be left out (RFC 7515, 4.1.9).
    return isinstance(typ, str) and typ.lower().removeprefix("application/") in TYPES


def _reason(exc: Exception) -> str:
    return next(reason for kind, reason in _REASONS.items() if isinstance(exc, kind))
