"""Issuers of tokens: their keys, tokens, and published key sets."""

import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

SECRET = "a secret of thirty-two bytes or more"
ISSUER = "https://issuer.example.com"
AUDIENCE = "chat"


@cache
def rsa_key(name: str = "first", bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return the RSA key with this name; it is generated once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    """Return the elliptic-curve key; it is generated once."""
    return ec.generate_private_key(ec.SECP256R1())


def public_rsa(kid: str | None = "first", *, key: rsa.RSAPrivateKey | None = None, **members: Any) -> dict[str, Any]:
    """Return the public RSA key as a JWK."""
    own = RSAAlgorithm.to_jwk((key or rsa_key()).public_key(), as_dict=True)
    return {**own, "use": "sig", "alg": "RS256", **({"kid": kid} if kid else {}), **members}


def public_ec(kid: str = "elliptic") -> dict[str, Any]:
    """Return the public elliptic-curve key as a JWK."""
    return {**ECAlgorithm.to_jwk(ec_key().public_key(), as_dict=True), "kid": kid}


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a token that is valid for a minute; a claim that is None is omitted."""
    usual = {"sub": "ada", "iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 60}
    return {name: value for name, value in (usual | changes).items() if value is not None}


def hs256(secret: str = SECRET, *, headers: dict[str, Any] | None = None, **changes: Any) -> str:
    """Return a token signed with a shared secret."""
    return jwt.encode(claims(**changes), secret, algorithm="HS256", headers=headers)


def rs256(kid: str | None = "first", *, key: rsa.RSAPrivateKey | None = None, **changes: Any) -> str:
    """Return a token signed with an RSA key."""
    return jwt.encode(claims(**changes), key or rsa_key(), algorithm="RS256", headers={"kid": kid} if kid else None)


def es256(kid: str = "elliptic", **changes: Any) -> str:
    """Return a token signed with the elliptic-curve key."""
    return jwt.encode(claims(**changes), ec_key(), algorithm="ES256", headers={"kid": kid})


def fetching(read: Callable[[], bytes]) -> Callable[[], Awaitable[bytes]]:
    """Return an async function that returns the document."""

    async def fetch() -> bytes:
        return read()

    return fetch


@dataclass
class KeyServer:
    """Publishes a key set over HTTP."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=list)
    document: bytes | None = None
    """Served instead of the keys, if set."""
    status: int = 200
    served: int = 0

    def body(self) -> bytes:
        return json.dumps({"keys": self.keys}).encode() if self.document is None else self.document


@contextmanager
def key_server(*keys: dict[str, Any]) -> Iterator[KeyServer]:
    """Publish the keys on a free port of this machine."""
    published = KeyServer(keys=list(keys))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            published.served += 1
            body = published.body()
            self.send_response(published.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        published.url = f"http://127.0.0.1:{server.server_port}/.well-known/jwks.json"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield published
        finally:
            server.shutdown()
            thread.join()
