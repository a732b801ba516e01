"""Who may connect: `chat local` with the authorizer of this project's template."""

import asyncio
from collections.abc import Iterator

import boto3
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.support import tokens
from tests.support.browser import ENTER, Browser
from tests.support.centrifuge import SUBPROTOCOL, centrifuge_client
from tests.support.local_stack import LocalStack, local_stack


@pytest.fixture(scope="module")
def guarded() -> Iterator[LocalStack]:
    """Start the stack, which generates the secret."""
    with local_stack("--parameter-overrides", "AuthorizerType=hs256", "TokenAudience=chat") as stack:
        yield stack


@pytest.fixture(scope="module")
def secret(guarded: LocalStack) -> str:
    """Return the secret, read from Secrets Manager as an issuer of tokens would."""
    endpoint = guarded.wait_for_log(r"AWS endpoint http://\S+").split()[-1]
    client = boto3.client("secretsmanager", endpoint_url=endpoint, region_name="us-east-1")
    (listed,) = client.list_secrets()["SecretList"]
    value = str(client.get_secret_value(SecretId=listed["ARN"])["SecretString"])
    client.close()
    assert len(value) == 64
    return value


async def refusal(url: str, **options: object) -> int:
    """Return the HTTP status of the failed handshake."""
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, **options):  # type: ignore[arg-type]
            pass
    return refused.value.response.status_code


async def test_token_lets_a_client_in_from_wherever_it_comes(guarded: LocalStack, secret: str) -> None:
    """A token can be in a header, in the query or in a subprotocol; a browser can use the last two.

    The server accepts `centrifuge-json`, not the subprotocol with the token.
    """
    token = tokens.hs256(secret)
    async with (
        connect(guarded.ws_url, additional_headers={"Authorization": f"Bearer {token}"}) as one,
        connect(f"{guarded.ws_url}?token={token}") as two,
        centrifuge_client(guarded.ws_url, Subprotocol(f"bearer.{token}")) as three,
    ):
        assert three.socket.subprotocol == SUBPROTOCOL
        assert "error" not in await three.call("subscribe", channel="lobby")
        await one.send('{"action":"sendmessage","data":"live long"}')
        assert [await one.recv(), await two.recv()] == ["live long", "live long"]
        assert (await three.push())["pub"]["data"] == "live long"


async def test_client_without_a_good_token_is_refused_as_the_gateway_does(guarded: LocalStack, secret: str) -> None:
    """401 means that another token may help, 403 that none will."""
    assert await refusal(guarded.ws_url) == 401
    assert await refusal(f"{guarded.ws_url}?token={tokens.hs256()}") == 401
    assert await refusal(f"{guarded.ws_url}?token={tokens.hs256(secret, exp=1)}") == 401
    assert await refusal(f"{guarded.ws_url}?token={tokens.hs256(secret, aud='shop')}") == 403


async def test_tokens_are_in_no_log(guarded: LocalStack, secret: str) -> None:
    """Neither accepted nor rejected tokens are logged."""
    good, bad = tokens.hs256(secret), tokens.hs256(secret, exp=1)
    async with connect(f"{guarded.ws_url}?token={good}"):
        assert await refusal(guarded.ws_url, subprotocols=["centrifuge-json", f"bearer.{bad}"]) == 401
    guarded.wait_for_log("refused a client: The token has expired.")
    assert [line for line in guarded.log if good[-20:] in line or bad[-20:] in line] == []


def test_page_asks_for_a_token_and_connects_with_it(window: Browser, guarded: LocalStack, secret: str) -> None:
    """A person can type the token, or open a link with the token in its fragment."""
    window.open(guarded.page_url)
    window.wait_for("#refusal-text", "ask for a token", timeout=30)
    window.click("#refusal-remedy")
    window.type("#token", tokens.hs256(secret, aud="shop") + ENTER)
    window.wait_for("#refusal-text", "wrong or expired")
    window.open("about:blank")
    window.open(f"{guarded.page_url}#token={tokens.hs256(secret)}")
    window.wait_for("#state", "Connected")
    window.type("#draft", "live long" + ENTER)
    window.wait_for(".receipt", "Sent", timeout=30)
    window.run("sessionStorage.clear()")
    window.open("about:blank")
    window.complaints()


async def test_issuer_that_is_down_keeps_clients_out_until_it_is_back() -> None:
    """If the issuer's keys cannot be fetched, clients get 500 and the log one clear line.

    Afterwards clients connect again.
    """
    with tokens.key_server(tokens.public_rsa()) as server:
        server.status = 503
        asked = {
            "AuthorizerType": "jwks",
            "JwksUrl": server.url,
            "TokenIssuer": tokens.ISSUER,
            "TokenAudience": tokens.AUDIENCE,
        }
        overrides = [f"{name}={value}" for name, value in asked.items()]
        with local_stack("--parameter-overrides", *overrides) as stack:
            url = f"{stack.ws_url}?token={tokens.rs256()}"
            assert await asyncio.wait_for(refusal(url), timeout=30) == 500
            stack.wait_for_log(f"cannot verify tokens: The key set could not be read. status 503 from {server.url}")
            server.status = 200
            async with connect(url) as client:
                await client.send('{"action":"sendmessage","data":"live long"}')
                assert await client.recv() == "live long"
