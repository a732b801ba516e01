"""Tokens that are refused, and where the keys come from to judge them by."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from adapters.jwt import JsonWebKeySet, JwtTokenVerifier, SharedSecret, download
from chat_core import Forbidden, Principal, Unauthenticated, Unavailable
from tests.support import tokens
from tests.support.tokens import AUDIENCE, ISSUER, KeyServer, hs256, key_server, public_ec, public_rsa, rs256


def shared_secret(**options: Any) -> JwtTokenVerifier:
    wanted = {"issuer": ISSUER, "audience": AUDIENCE} | options
    return JwtTokenVerifier(SharedSecret(tokens.fetching(tokens.SECRET.encode)), **wanted)


@pytest.fixture
def server() -> Iterator[KeyServer]:
    """Publish an RSA key and an elliptic one."""
    with key_server(public_rsa(), public_ec()) as published:
        yield published


def of_server(server: KeyServer, **options: Any) -> JwtTokenVerifier:
    keys = JsonWebKeySet(lambda: download(server.url), **options)
    return JwtTokenVerifier(keys, issuer=ISSUER, audience=AUDIENCE)


def forged(header: object, payload: object) -> str:
    """Return a token with a signature of zeros."""
    parts = [json.dumps(each).encode() if not isinstance(each, bytes) else each for each in (header, payload)]
    return ".".join(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in [*parts, bytes(32)])


def signed(payload: bytes) -> str:
    """Sign what is no object of claims."""
    return jwt.PyJWS().encode(payload, tokens.SECRET, algorithm="HS256")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: hs256(exp=int(time.time()) - 120), "expired"),
        (lambda: hs256(nbf=int(time.time()) + 120), "not valid yet"),
        (lambda: hs256(iat=int(time.time()) + 120), "not valid yet"),
        (lambda: hs256(exp=None), "lacks exp or sub"),
        (lambda: hs256(sub=None), "lacks exp or sub"),
        (lambda: hs256(sub=""), "no subject"),
        (lambda: hs256(exp="soon"), "malformed"),
        (lambda: signed(b'{"sub":"ada","exp":Infinity}'), "malformed"),
        (lambda: signed(b"[1]"), "malformed"),
        (lambda: signed(b"not JSON"), "malformed"),
        (lambda: hs256("another secret of thirty-two bytes or more"), "signature"),
        (lambda: hs256()[:-2], "signature|malformed"),
        (lambda: hs256(headers={"typ": "logout+jwt"}), "another type"),
        (lambda: hs256(headers={"typ": "application/secevent+jwt"}), "another type"),
        (lambda: hs256(headers={"typ": "dpop+jwt"}), "another type"),
        (lambda: hs256(headers={"typ": "application/at+jwt; v=1"}), "another type"),
        (lambda: hs256(headers={"typ": ["JWT"]}), "another type"),
        (lambda: hs256(headers={"typ": 1}), "another type"),
        (lambda: forged({"alg": "none"}, tokens.claims()), "another algorithm"),
        (lambda: forged({"alg": "none"}, tokens.claims()).rpartition(".")[0] + ".", "another algorithm"),
        (lambda: forged({"alg": "NONE"}, tokens.claims()), "another algorithm"),
        (lambda: forged({"alg": ["HS256"]}, tokens.claims()), "another algorithm"),
        (lambda: forged({}, tokens.claims()), "another algorithm"),
        (lambda: forged([], tokens.claims()), "malformed"),
        (lambda: forged({"alg": "HS256", "kid": 7}, tokens.claims()), "malformed"),
        (lambda: forged({"alg": "HS256", "crit": ["unheard-of"]}, tokens.claims()), "malformed"),
        (lambda: forged(b"[" * 5000, {}), "malformed"),
        (lambda: jwt.encode(tokens.claims(), tokens.SECRET * 2, algorithm="HS512"), "another algorithm"),
        (rs256, "another algorithm"),
        (lambda: "x" * 8193, "malformed"),
        (lambda: hs256(pad="x" * 8192), "malformed"),
    ],
)
async def test_token_that_proves_nothing_is_not_authenticated(make: Callable[[], str], reason: str) -> None:
    """A new one may be accepted, so the client may come again with it."""
    with pytest.raises(Unauthenticated, match=reason) as refused:
        await shared_secret().verify(token=make())
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://evil.example.com"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "shop"}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": None, "client_id": "shop"}, "audience"),
        ({"aud": "shop", "client_id": AUDIENCE}, "audience"),
        ({"aud": {AUDIENCE: 1}}, "audience"),
    ],
)
async def test_genuine_token_of_or_for_somebody_else_is_forbidden(changes: dict[str, Any], reason: str) -> None:
    """No other token of the same place would do."""
    with pytest.raises(Forbidden, match=reason):
        await shared_secret().verify(token=hs256(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"exp": -30},
        {"nbf": 30},
        {"aud": ["shop", AUDIENCE]},
        {"aud": None, "client_id": AUDIENCE},
    ],
)
async def test_clocks_may_differ_by_a_minute_and_cognito_names_the_client(changes: dict[str, Any]) -> None:
    """What is within the rules is taken."""
    now = int(time.time())
    changes = {name: now + value if name in {"exp", "nbf"} else value for name, value in changes.items()}
    assert await shared_secret().verify(token=hs256(**changes)) == Principal(id="ada")


async def test_issuer_and_audience_are_not_asked_for_unless_given() -> None:
    """Whoever has the secret is the issuer."""
    verifier = shared_secret(issuer=None, audience=None)
    assert await verifier.verify(token=hs256(iss=None, aud=None)) == Principal(id="ada")


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"])
async def test_type_is_that_of_a_token_in_any_case(typ: str | None) -> None:
    """Cognito names none, most issuers `JWT`, and RFC 9068 has one for access tokens."""
    assert await shared_secret().verify(token=hs256(headers={"typ": typ})) == Principal(id="ada")


@pytest.mark.parametrize(("use", "is_taken"), [("access", True), ("id", False), (None, False), (["access"], False)])
async def test_one_of_cognitos_two_kinds_can_be_demanded(use: object, is_taken: bool) -> None:
    """An ID token is for the page that asked for it, an access token for services."""
    token = hs256(aud=None, client_id=AUDIENCE, token_use=use)
    assert await shared_secret().verify(token=token) == Principal(id="ada")
    verifier = shared_secret(token_use="access")
    if is_taken:
        assert await verifier.verify(token=token) == Principal(id="ada")
    else:
        with pytest.raises(Forbidden, match="another use"):
            await verifier.verify(token=token)


async def test_leeway_is_the_one_asked_for() -> None:
    """Zero is strict."""
    with pytest.raises(Unauthenticated):
        await shared_secret(leeway_seconds=0).verify(token=hs256(exp=int(time.time()) - 1))


@given(
    st.text(max_size=200) | st.lists(st.binary(max_size=40), max_size=4).map(lambda parts: ".".join(map(repr, parts)))
)
async def test_no_text_makes_the_verifier_fail(token: str) -> None:
    """Every refusal is one of ours."""
    with pytest.raises(Unauthenticated):
        await shared_secret().verify(token=token)


async def test_short_secret_is_not_used() -> None:
    """It can be guessed offline from any one token."""
    verifier = JwtTokenVerifier(SharedSecret(tokens.fetching(lambda: b"x" * 31)))
    with pytest.raises(Unavailable, match="secret could not be read") as failed:
        await verifier.verify(token=hs256())
    assert "at least 32" in str(failed.value.__cause__)


async def test_secret_is_fetched_once_and_again_when_it_is_old() -> None:
    """Five minutes after a rotation the new one counts."""
    now, secrets = [0.0], [tokens.SECRET, "the next secret of thirty-two bytes or more"]
    fetch = tokens.fetching(lambda: secrets.pop(0).encode())
    verifier = JwtTokenVerifier(SharedSecret(fetch, clock=lambda: now[0]))
    for moment in (0.0, 299.0):
        now[0] = moment
        await verifier.verify(token=hs256())
    now[0] = 301.0
    with pytest.raises(Unauthenticated):
        await verifier.verify(token=hs256())
    await verifier.verify(token=hs256("the next secret of thirty-two bytes or more"))
    assert secrets == []


@pytest.mark.parametrize("make", [rs256, tokens.es256], ids=["RS256", "ES256"])
async def test_published_keys_verify(server: KeyServer, make: Callable[[], str]) -> None:
    """One download serves all."""
    verifier = of_server(server)
    for _ in range(3):
        assert await verifier.verify(token=make()) == Principal(id="ada")
    assert server.served == 1


async def test_public_key_is_no_secret(server: KeyServer) -> None:
    """The classic confusion: HS256 with the public key's text as the secret (RFC 8725, 2.1)."""
    verifier = of_server(server)
    await verifier.verify(token=rs256())
    stolen = base64.urlsafe_b64encode(json.dumps(public_rsa()).encode()).decode()
    with pytest.raises(Unauthenticated, match="another algorithm"):
        await verifier.verify(token=jwt.encode(tokens.claims(), stolen, "HS256", headers={"kid": "first"}))


async def test_key_is_for_its_own_algorithm_alone(server: KeyServer) -> None:
    """ES256 under the id of an RSA key, and the other way round."""
    verifier = of_server(server)
    for token in (tokens.es256("first"), rs256("elliptic")):
        with pytest.raises(Unauthenticated, match="another algorithm"):
            await verifier.verify(token=token)


async def test_key_of_somebody_else_does_not_verify(server: KeyServer) -> None:
    """Under an id that is known."""
    with pytest.raises(Unauthenticated, match="signature"):
        await of_server(server).verify(token=rs256(key=tokens.rsa_key("another")))


async def test_unknown_key_is_looked_for_at_most_once_in_half_a_minute(server: KeyServer) -> None:
    """A new key works at once, and made-up ids are no way to flood the issuer."""
    now = [0.0]
    verifier = of_server(server, clock=lambda: now[0])
    await verifier.verify(token=rs256())
    server.keys.append(public_rsa("second", key=tokens.rsa_key("second")))
    second = rs256("second", key=tokens.rsa_key("second"))
    now[0] = 29.0
    with pytest.raises(Unauthenticated):
        await verifier.verify(token=second)
    assert server.served == 1
    now[0] = 31.0
    await verifier.verify(token=second)
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await verifier.verify(token=rs256("made up"))
    assert server.served == 2


async def test_withdrawn_key_is_forgotten_within_the_hour(server: KeyServer) -> None:
    """The set is read anew when it is old, needed or not."""
    now = [0.0]
    verifier = of_server(server, clock=lambda: now[0])
    await verifier.verify(token=rs256())
    server.keys = [public_ec()]
    now[0] = 3601.0
    with pytest.raises(Unauthenticated):
        await verifier.verify(token=rs256())


async def test_token_without_a_key_id_is_taken_where_there_is_no_choice(server: KeyServer) -> None:
    """And refused where there is."""
    with pytest.raises(Unauthenticated):
        await of_server(server).verify(token=rs256(None))
    server.keys = [public_rsa(None)]
    assert await of_server(server).verify(token=rs256(None)) == Principal(id="ada")


async def test_issuer_that_is_down_is_asked_again(server: KeyServer) -> None:
    """Nobody gets in meanwhile, and nobody waits for the half minute."""
    verifier = of_server(server)
    server.status = 500
    with pytest.raises(Unavailable, match="key set could not be read") as failed:
        await verifier.verify(token=rs256())
    assert "status 500" in str(failed.value.__cause__)
    server.status = 200
    assert await verifier.verify(token=rs256()) == Principal(id="ada")


@pytest.mark.parametrize(
    "document",
    [b"", b"<html>", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[]}', b'{"keys":[7]}', b"x" * 300_000],
)
async def test_document_that_is_no_key_set_is_a_fault_of_the_issuer(server: KeyServer, document: bytes) -> None:
    """A login page in the place of the keys, for example."""
    server.document = document
    with pytest.raises(Unavailable):
        await of_server(server).verify(token=rs256())


async def test_keys_for_other_purposes_are_passed_over(server: KeyServer) -> None:
    """Encryption, other algorithms, keys too short: none of them verifies, none stands in the way."""
    server.keys = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
        {"kty": "unheard of", "kid": "unheard of"},
        public_rsa("encryption", use="enc"),
        public_rsa("pss", alg="PS256"),
        public_rsa("short", key=tokens.rsa_key("short", 1024)),
        public_rsa(),
    ]
    verifier = of_server(server)
    assert await verifier.verify(token=rs256()) == Principal(id="ada")
    for token in (rs256("encryption"), rs256("pss"), rs256("secret")):
        with pytest.raises(Unauthenticated):
            await verifier.verify(token=token)


def private_rsa(kid: str) -> dict[str, Any]:
    return {**RSAAlgorithm.to_jwk(tokens.rsa_key(), as_dict=True), "use": "sig", "alg": "RS256", "kid": kid}


def private_ec(kid: str) -> dict[str, Any]:
    return {**ECAlgorithm.to_jwk(tokens.ec_key(), as_dict=True), "kid": kid}


def p384(kid: str) -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    return {**ECAlgorithm.to_jwk(key, as_dict=True), "alg": "ES256", "kid": kid}


USELESS: dict[str, Any] = {
    "text": "x",
    "number": 7,
    "nothing": None,
    "list": [["kty", "RSA"]],
    "empty": {},
    "private RSA": private_rsa("useless"),
    "private EC": private_ec("useless"),
    "another curve": p384("useless"),
    "RSA as EC": public_rsa("useless", kty="EC"),
    "RSA as ES256": public_rsa("useless", alg="ES256"),
    "no modulus": {"kty": "RSA", "kid": "useless", "e": "AQAB"},
    "modulus of no base64": public_rsa("useless", n="%%%"),
    "modulus of another type": public_rsa("useless", n=7),
    "exponent of zero": public_rsa("useless", e="AA"),
    "exponent that is even": public_rsa("useless", e="Ag"),
    "exponent that is no text": public_rsa("useless", e={"x": 1}),
    "algorithm of no text": public_rsa("useless", alg=["RS256"]),
    "use of no text": public_rsa("useless", use=["sig"]),
    "type of no text": public_rsa("useless", kty=["RSA"]),
    "id of no text": public_rsa("useless") | {"kid": 7},
    "id that is null": public_rsa("useless") | {"kid": None},
    "point that is not on the curve": {"kty": "EC", "crv": "P-256", "x": "AA" * 21 + "A", "y": "AA" * 21 + "A"},
    "curve of no text": {**public_ec("useless"), "crv": ["P-256"]},
}


@pytest.mark.parametrize("useless", USELESS.values(), ids=USELESS)
@pytest.mark.parametrize("comes_first", [True, False])
async def test_entry_that_is_no_public_key_is_passed_over(server: KeyServer, useless: Any, comes_first: bool) -> None:
    """And stands in the way of none beside it (RFC 7517, 5)."""
    good: list[Any] = [public_rsa()]
    server.keys = [useless, *good] if comes_first else [*good, useless]
    verifier = of_server(server)
    assert await verifier.verify(token=rs256()) == Principal(id="ada")
    for token in (rs256("useless"), tokens.es256("useless")):
        with pytest.raises(Unauthenticated):
            await verifier.verify(token=token)


@pytest.mark.parametrize("useless", USELESS.values(), ids=USELESS)
async def test_set_without_a_public_key_is_a_fault_of_the_issuer(server: KeyServer, useless: Any) -> None:
    """The error that the authorizer tells the alarm of, and no other."""
    server.keys = [useless]
    with pytest.raises(Unavailable) as failed:
        await of_server(server).verify(token=rs256("useless"))
    assert "no key for RS256 or ES256" in str(failed.value.__cause__)


async def test_broken_key_under_the_same_id_takes_nothing_away(server: KeyServer) -> None:
    """The order of a set means nothing (RFC 7517, 5)."""
    server.keys = [public_rsa(), private_rsa("first"), public_rsa("first", n="")]
    assert await of_server(server).verify(token=rs256()) == Principal(id="ada")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["RSA", "EC", "AQAB", "P-256"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["kty", "use", "alg", "kid", "n", "e", "crv", "x", "y", "d", "p", "oth"]), JSON))
async def test_no_member_of_a_key_makes_the_verifier_fail(changes: dict[str, Any]) -> None:
    """Every entry is a key or is passed over, and every failure one of ours."""
    for each in (public_rsa("first"), public_ec("first")):
        document = json.dumps({"keys": [each | changes]}).encode()
        verifier = JwtTokenVerifier(JsonWebKeySet(tokens.fetching(partial(bytes, document))))
        for token in (rs256(), tokens.es256("first")):
            with suppress(Unauthenticated, Unavailable):
                assert await verifier.verify(token=token) == Principal(id="ada")


@asynccontextmanager
async def dripping(before: bytes, drop: bytes, *, tls: bool = False) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Serve a beginning, then drop by drop without end; yield the URL, and what is set once the client has left."""
    left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not tls:
                await reader.readuntil(b"\r\n\r\n")
            writer.write(before)
            while True:
                writer.write(drop)
                await writer.drain()
                await asyncio.sleep(0.05)
        except (OSError, asyncio.IncompleteReadError):
            left.set()
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}/keys", left


HEAD = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "status line": (b"HTTP/1.1 200 O", b"O"),
    "headers": (HEAD, b"X: y\r\n"),
    "continues": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (HEAD + b"Content-Length: 200000\r\n\r\n", b" "),
    "body to its end": (HEAD + b"Connection: close\r\n\r\n", b" "),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}


@pytest.mark.parametrize(("before", "drop"), DRIPS.values(), ids=DRIPS)
async def test_server_that_drips_gets_no_more_time_than_one_that_hangs(before: bytes, drop: bytes) -> None:
    """A time for each read would never end, and the function would be ended without a line for the alarm."""
    async with dripping(before, drop) as (url, left), asyncio.timeout(30):
        with pytest.raises(OSError, match=r"no answer from http://.* within 0\.3 s"):
            await download(url, timeout_seconds=0.3)
        await left.wait()


async def test_handshake_of_tls_that_drips_has_the_same_end() -> None:
    """A record that says how long it is and then comes byte by byte."""
    async with dripping(b"\x16\x03\x03\x40\x00", b"\x00", tls=True) as (url, left), asyncio.timeout(30):
        with pytest.raises(OSError, match=r"within 0\.3 s|timed out"):
            await download(url, timeout_seconds=0.3)
        await left.wait()


async def test_key_set_that_drips_is_a_fault_of_the_issuer() -> None:
    """With a cause that says what happened."""
    async with dripping(*DRIPS["headers"]) as (url, _left), asyncio.timeout(30):
        verifier = JwtTokenVerifier(JsonWebKeySet(lambda: download(url, timeout_seconds=0.3)))
        with pytest.raises(Unavailable) as failed:
            await verifier.verify(token=rs256())
    assert "no answer from" in str(failed.value.__cause__)


@pytest.mark.parametrize("url", ["http://issuer.example.com/keys", "file:///etc/passwd", "keys", ""])
async def test_keys_come_over_tls_or_from_this_machine(url: str) -> None:
    """Whoever can change them on the way can sign."""
    with pytest.raises(ValueError, match="HTTPS"):
        await download(url)


async def test_redirection_is_not_followed(server: KeyServer) -> None:
    """The URL that was configured is the one that is trusted."""
    server.status = 302
    with pytest.raises(OSError, match="302"):
        await download(server.url)


async def test_nobody_there_is_an_error_of_the_network() -> None:
    """Nothing listens on the discard port."""
    with pytest.raises(OSError, match="refused"):
        await download("http://127.0.0.1:9/keys")
