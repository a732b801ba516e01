"""Adapters on JSON Web Tokens (RFC 7519), by PyJWT."""

from adapters.jwt.download import download
from adapters.jwt.keys import JsonWebKeySet, KeySource, SharedSecret
from adapters.jwt.token_verifier import JwtTokenVerifier

__all__ = ["JsonWebKeySet", "JwtTokenVerifier", "KeySource", "SharedSecret", "download"]
