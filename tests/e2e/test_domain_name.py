"""Handlers that build the management API's URL from the event work unmodified."""

import asyncio
import json
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.support.local_stack import local_stack

TEMPLATE = Path(__file__).parents[1] / "fixtures" / "templates" / "domain_name.yaml"


@pytest.mark.parametrize("proxy", [{}, {"HTTPS_PROXY": "http://127.0.0.1:9"}], ids=["plain", "behind a proxy"])
async def test_post_to_the_domain_of_the_event_arrives(proxy: dict[str, str]) -> None:
    """It arrives with boto3 and with aioboto3, their typed exceptions included, and behind a proxy."""
    with local_stack("--template", str(TEMPLATE), env=proxy) as stack:
        async with connect(stack.ws_url, open_timeout=30, proxy=None) as client:
            for library in ("boto3", "aioboto3"):
                await client.send(json.dumps({"action": library}))
                assert await asyncio.wait_for(client.recv(), 60) == f"{library} was here"
