"""`chat local` with SAM's own WebSocket API: `AWS::Serverless::WebSocketApi`."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.support.local_stack import LocalStack, local_stack

TEMPLATE = Path(__file__).parents[1] / "fixtures" / "templates" / "sam_guarded_websocket_api.yaml"


@pytest.fixture(scope="module")
def sam() -> Iterator[LocalStack]:
    """Start the API."""
    with local_stack("--template", str(TEMPLATE)) as stack:
        yield stack


async def received(client: ClientConnection) -> object:
    """Return the next message, parsed as JSON."""
    return json.loads(await asyncio.wait_for(client.recv(), 30))


def test_the_stage_has_the_name_that_sam_gives_it(sam: LocalStack) -> None:
    """The template names no stage, and WebSocket APIs have no stage `$default`."""
    assert sam.ws_url.endswith("/default")


async def test_the_authorizer_of_its_auth_guards_the_handshake(sam: LocalStack) -> None:
    """SAM creates the authorizer and its permission from `AuthArn`."""
    with pytest.raises(InvalidStatus) as caught:
        await connect(f"{sam.ws_url}?token=wrong", open_timeout=30)
    assert caught.value.response.status_code == 403


async def test_its_routes_answer_are_throttled_and_hold_messages_to_models(sam: LocalStack) -> None:
    """Properties of the one resource configure all of this."""
    async with connect(f"{sam.ws_url}?token=letmein", open_timeout=30) as client:
        await client.send("anything")
        assert await received(client) == {"tenant": "7", "principalId": "ada"}
        await client.send('{"action": "send"}')
        refused = await received(client)
        assert isinstance(refused, dict)
        assert refused["message"] == "Bad request body"
        for _ in range(2):
            await client.send('{"action": "slow"}')
        throttled = await received(client)
        assert isinstance(throttled, dict)
        assert throttled["message"] == "Too Many Requests"


def test_its_domain_is_named_as_not_served(sam: LocalStack) -> None:
    """The stack listens on loopback only."""
    sam.wait_for_log("^Not emulated: AWS::ApiGatewayV2::DomainName: ")
    sam.wait_for_log("^Not emulated: AWS::ApiGatewayV2::ApiMapping: ")
