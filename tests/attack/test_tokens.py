"""Ten thousand changed tokens: each is refused by name, or still says what its issuer signed."""

import base64
import json
import random

from adapters.jwt import JsonWebKeySet, JwtTokenVerifier, SharedSecret
from chat_core import Forbidden, Principal, TokenVerifier, Unauthenticated
from tests.support import tokens

SEED = 20_261_126
MUTANTS = 5_000
HEADERS = [
    {"alg": "none"}, {"alg": "None"}, {"alg": ""}, {"alg": None}, {"alg": 1}, {"alg": "HS256"}, {"alg": "HS512"},
    {"alg": "PS256"}, {"alg": "RS256", "kid": "first"}, {"kid": "../../dev/null"}, {"kid": None}, {"kid": ["first"]},
    {"jwk": {"kty": "oct", "k": "AAAA"}}, {"jku": "http://127.0.0.1:1/keys"}, {"x5u": "http://127.0.0.1:1/"},
    {"crit": ["exp"], "exp": 1}, {"b64": False, "crit": ["b64"]}, {"typ": "logout+jwt"}, {"zip": "DEF"},
]  # fmt: skip


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def mutants(token: str, source: random.Random) -> list[str]:
    """Return the token in many wrong forms."""
    header, payload, signature = token.split(".")
    made = [f"{encoded(each)}.{payload}.{end}" for each in HEADERS for end in (signature, "", "AAAA")]
    made += [".".join(parts) for parts in ((header, payload), (header, payload, ""), ("", "", ""), (header,) * 5)]
    for _ in range(MUTANTS):
        changed = list(token)
        for _ in range(source.randint(1, 4)):
            at = source.randrange(len(changed))
            match source.randrange(4):
                case 0:
                    changed[at] = chr(source.randrange(1, 256))
                case 1:
                    del changed[at]
                case 2:
                    changed.insert(at, source.choice("AZaz09-_.=+/ \n\u00b2"))
                case _:
                    changed = changed[at:] + changed[:at]
            changed = changed or ["x"]
        made.append("".join(changed))
    return made


async def judged(verifier: TokenVerifier, token: str) -> Principal | None:
    try:
        return await verifier.verify(token=token)
    except (Unauthenticated, Forbidden):
        return None


async def test_no_changed_token_says_anything_new() -> None:
    """Nor does any raise what the authorizer does not know."""
    source = random.Random(SEED)
    key_set = tokens.KeyServer(keys=[tokens.public_rsa()])
    for verifier, good in (
        (JwtTokenVerifier(SharedSecret(tokens.fetching(tokens.SECRET.encode)), issuer=tokens.ISSUER), tokens.hs256()),
        (JwtTokenVerifier(JsonWebKeySet(tokens.fetching(key_set.body)), audience=tokens.AUDIENCE), tokens.rs256()),
    ):
        assert await judged(verifier, good) == Principal(id="ada")
        for each in mutants(good, source):
            # The last character of a signature has bits that say nothing.
            assert await judged(verifier, each) in (None, Principal(id="ada")), each
