"""The sources of the keys that verify tokens, and the algorithm that each key is for.

Each key is bound to one algorithm. The `alg` of a token has to agree and never chooses (RFC 8725, 3.1 and 3.2).

PyJWT's own `PyJWKClient` is not used: it has no minimum interval between fetches and no size limit, and it takes http.
"""

import json
import time
from abc import abstractmethod
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK

from adapters.jwt.cached import Cached, Fetch

SECRET_TTL_SECONDS = 300.0
"""How long the old secret is still accepted after a rotation."""
KEY_SET_TTL_SECONDS = 3600.0
"""How long a key is still trusted after its issuer has withdrawn it."""
REFETCH_SECONDS = 30.0
"""The minimum interval between fetches. An unknown `kid` may be a rotated key, but an attacker can send any `kid`."""
MIN_SECRET_BYTES = 32
"""RFC 7518, 3.2: a key of HS256 has at least the size of the hash."""
MIN_RSA_BITS = 2048
"""RFC 7518, 3.3."""


class KeySource(Protocol):
    """Finds keys by id."""

    algorithms: Collection[str]
    """The accepted signature algorithms. A token with another algorithm is refused before any key is looked up."""

    @abstractmethod
    async def find(self, *, kid: str | None) -> PyJWK | None:
        """Return the key with this `kid`, or None if there is none.

        Raises:
            Unavailable: the keys cannot be read.

        """


class SharedSecret(KeySource):
    """One secret for all tokens. Their `kid` is ignored."""

    algorithms = ("HS256",)

    def __init__(self, fetch: Fetch, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._secret = Cached(fetch, _secret_key, what="The secret", ttl_seconds=SECRET_TTL_SECONDS, clock=clock)

    async def find(self, *, kid: str | None) -> PyJWK | None:  # noqa: ARG002 - there is one key
        return await self._secret.get()


class JsonWebKeySet(KeySource):
    """The public keys that an issuer publishes (RFC 7517, section 5), such as a Cognito user pool."""

    algorithms = ("RS256", "ES256")

    def __init__(self, fetch: Fetch, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = Cached(fetch, _public_keys, what="The key set", ttl_seconds=KEY_SET_TTL_SECONDS, clock=clock)

    async def find(self, *, kid: str | None) -> PyJWK | None:
        keys = await self._keys.get()
        if kid is None:
            # A `kid` is optional if the set has a single key (RFC 7515, 4.1.4).
            return next(iter(keys.values())) if len(keys) == 1 else None
        if kid not in keys:
            keys = await self._keys.refresh(min_interval=REFETCH_SECONDS) or keys
        return keys.get(kid)


def _secret_key(secret: bytes) -> PyJWK:
    if len(secret) < MIN_SECRET_BYTES:
        raise ValueError(f"the secret has {len(secret)} bytes; at least {MIN_SECRET_BYTES} are needed")
    return PyJWK({"kty": "oct", "k": urlsafe_b64encode(secret).decode()}, algorithm="HS256")


def _public_keys(document: bytes) -> Mapping[str, PyJWK]:
    """Return the keys by id. Keys that are not usable here are ignored (RFC 7517, section 5)."""
    usable: dict[str, PyJWK] = {}
    for each in json.loads(document)["keys"]:
        kid = each.get("kid", "") if isinstance(each, dict) else None
        if isinstance(kid, str) and (key := _public_key(each)) is not None:
            usable[kid] = key
    if not usable:
        raise ValueError("the set has no key for RS256 or ES256")
    return usable


def _public_key(members: Mapping[str, Any]) -> PyJWK | None:
    """Return the key, or None if it is for another use, malformed, or not public."""
    if members.get("use", "sig") != "sig":
        return None
    try:
        key = PyJWK(dict(members))
    except Exception:  # noqa: BLE001 - members have any type and size, and each library below raises errors of its own
        return None
    match key.key:
        case RSAPublicKey():
            fits = key.algorithm_name == "RS256" and key.key.key_size >= MIN_RSA_BITS
        case EllipticCurvePublicKey():
            # RFC 7518, 3.4: ES256 is on P-256.
            fits = key.algorithm_name == "ES256" and isinstance(key.key.curve, SECP256R1)
        case _:
            # A private key that was published proves nothing.
            fits = False
    return key if fits else None
