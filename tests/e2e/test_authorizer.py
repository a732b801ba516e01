"""Who may connect, through `chat local` with the authorizer of the project's own template."""

import asyncio
import json
from collections.abc import Iterator

import boto3
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.support import tokens
from tests.support.browser import ENTER, Browser
from tests.support.local_stack import LocalStack, local_stack


@pytest.fixture(scope="module")
def guarded() -> Iterator[LocalStack]:
    """Start the stack with a secret of its own making."""
    with local_stack("--parameter-overrides", "AuthorizerType=hs256", "TokenAudience=chat") as stack:
        yield stack


@pytest.fixture(scope="module")
def secret(guarded: LocalStack) -> str:
    """Return the secret, read as whoever issues tokens reads it."""
    endpoint = guarded.wait_for_log(r"AWS endpoint http://\S+").split()[-1]
    client = boto3.client("secretsmanager", endpoint_url=endpoint, region_name="us-east-1")
    (listed,) = client.list_secrets()["SecretList"]
    value = str(client.get_secret_value(SecretId=listed["ARN"])["SecretString"])
    client.close()
    assert len(value) == 64
    return value


async def refusal(url: str, **options: object) -> int:
    """Return the status that the handshake ends with."""
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, **options):  # type: ignore[arg-type]
            pass
    return refused.value.response.status_code


async def test_token_lets_a_client_in_from_wherever_it_comes(guarded: LocalStack, secret: str) -> None:
    """A browser has the last two; what it offered as a token is not what is accepted."""
    token = tokens.hs256(secret)
    offered = [Subprotocol("chat.v1"), Subprotocol(f"bearer.{token}")]
    async with (
        connect(guarded.ws_url, additional_headers={"Authorization": f"Bearer {token}"}) as one,
        connect(f"{guarded.ws_url}?token={token}") as two,
        connect(guarded.ws_url, subprotocols=offered) as three,
    ):
        assert three.subprotocol == "chat.v1"
        await one.send('{"action":"sendmessage","data":"live long"}')
        assert [await one.recv(), await two.recv()] == ["live long", "live long"]
        assert json.loads(await three.recv())["data"] == "live long"


async def test_client_without_a_good_token_is_refused_as_the_gateway_does(guarded: LocalStack, secret: str) -> None:
    """401 says: come again with another token. 403 says: do not."""
    assert await refusal(guarded.ws_url) == 401
    assert await refusal(f"{guarded.ws_url}?token={tokens.hs256()}") == 401
    assert await refusal(f"{guarded.ws_url}?token={tokens.hs256(secret, exp=1)}") == 401
    assert await refusal(f"{guarded.ws_url}?token={tokens.hs256(secret, aud='shop')}") == 403


async def test_tokens_are_in_no_log(guarded: LocalStack, secret: str) -> None:
    """Whatever became of them."""
    good, bad = tokens.hs256(secret), tokens.hs256(secret, exp=1)
    async with connect(f"{guarded.ws_url}?token={good}"):
        assert await refusal(guarded.ws_url, subprotocols=["chat.v1", f"bearer.{bad}"]) == 401
    guarded.wait_for_log("refused a client: The token has expired.")
    assert [line for line in guarded.log if good[-20:] in line or bad[-20:] in line] == []


def test_page_asks_for_a_token_and_connects_with_it(window: Browser, guarded: LocalStack, secret: str) -> None:
    """The way of somebody who was sent a link and a token; the fragment is for those who get both in one."""
    window.open(guarded.page_url)
    window.wait_for("#refusal-text", "ask for a token", timeout=30)
    window.click("#refusal-remedy")
    window.type("#token", tokens.hs256(secret, aud="shop") + ENTER)
    window.wait_for("#refusal-text", "wrong or expired")
    window.open("about:blank")
    window.open(f"{guarded.page_url}#token={tokens.hs256(secret)}")
    window.wait_for("#state", "Connected")
    window.type("#draft", "live long" + ENTER)
    window.wait_for(".receipt", "Delivered to 1", timeout=30)
    window.run("sessionStorage.clear()")
    window.open("about:blank")
    window.complaints()


async def test_issuer_that_is_down_keeps_clients_out_until_it_is_back() -> None:
    """With published keys: 500 and one clear line, then business as usual."""
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
