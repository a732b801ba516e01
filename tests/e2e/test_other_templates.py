"""`chat local` with a template of somebody else: an authorizer, a throttled route and a two-way one."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.local_stack import LocalStack, local_stack

TEMPLATE = Path(__file__).parents[1] / "fixtures" / "templates" / "authorizer.yaml"


@pytest.fixture(scope="module")
def guarded() -> Iterator[LocalStack]:
    """Start the guarded API."""
    with local_stack("--template", str(TEMPLATE)) as stack:
        yield stack


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 401), ("?token=nobody", 401), ("?token=wrong", 403)],
    ids=["none", "unauthorized", "denied"],
)
async def test_authorizer_refuses_the_handshake(guarded: LocalStack, query: str, status: int) -> None:
    """With the statuses that API Gateway has for it."""
    with pytest.raises(InvalidStatus) as caught:
        await connect(guarded.ws_url + query, open_timeout=30)
    assert caught.value.response.status_code == status


async def test_what_the_authorizer_found_out_is_in_every_later_event(guarded: LocalStack) -> None:
    """Its values as strings, as API Gateway passes them on."""
    async with connect(guarded.ws_url + "?token=letmein", open_timeout=30) as client:
        await client.send("who am I?")
        assert json.loads(await asyncio.wait_for(client.recv(), 30)) == {"tenant": "7", "principalId": "ada"}


async def test_throttle_of_a_route_comes_from_the_stage(guarded: LocalStack) -> None:
    """The second message within the limit's time gets the gateway's own frame."""
    async with connect(guarded.ws_url + "?token=letmein", open_timeout=30) as client:
        for _ in range(2):
            await client.send('{"action":"slow"}')
        frame = json.loads(await asyncio.wait_for(client.recv(), 30))
        assert frame["message"] == "Too Many Requests"
