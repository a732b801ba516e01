"""JSON Web Tokens, verified as RFC 8725 advises: algorithm, issuer and audience are given, never taken from the token.

Reasons that are told are chosen from here: PyJWT's own messages may quote what they could not read.
"""

from collections.abc import Mapping
from typing import Any

import jwt

from adapters.jwt.keys import KeySource
from chat_core.errors import Forbidden, Unauthenticated
from chat_core.model import Principal
from chat_core.ports import TokenVerifier

MAX_TOKEN_LENGTH = 8192
"""Characters. API Gateway takes 10,240 bytes of headers in all (its quotas)."""

DEFAULT_LEEWAY_SECONDS = 60.0
"""How far the issuer's clock may be from ours."""

_REQUIRED = ["exp", "sub"]
_REASONS: Mapping[type[Exception], str] = {
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
        leeway_seconds: float = DEFAULT_LEEWAY_SECONDS,
    ) -> None:
        """Make a verifier.

        Args:
            keys: whose signatures are trusted, and with which algorithms.
            issuer: the `iss` that is demanded; None for any.
            audience: what has to be among the `aud`; None for any.
            leeway_seconds: by how much `exp` and `nbf` may be missed.

        """
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._leeway = leeway_seconds

    async def verify(self, *, token: str) -> Principal:
        try:
            claims = await self._claims(token)
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


def _reason(exc: Exception) -> str:
    return next(reason for kind, reason in _REASONS.items() if isinstance(exc, kind))
