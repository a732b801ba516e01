"""A table that accepts requests and does not answer: the process of embedded AWS is suspended."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.support.local_stack import LocalStack, local_stack


@contextmanager
def stopped_cloud(stack: LocalStack) -> Iterator[None]:
    """Suspend the process of embedded AWS; resume it at the end of the block."""
    (cloud,) = (pid for pid in stack.descendants() if "moto_server" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(cloud, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(cloud, signal.SIGCONT)


async def refused(url: str) -> tuple[int, float]:
    """Try to connect; return the HTTP status, and the seconds until it came."""
    started = asyncio.get_running_loop().time()
    with pytest.raises(InvalidStatus) as refusal:
        await connect(url, open_timeout=30)
    return refusal.value.response.status_code, asyncio.get_running_loop().time() - started


async def said(client: ClientConnection) -> str:
    text = await asyncio.wait_for(client.recv(), 29)
    assert isinstance(text, str)
    return text


async def test_everybody_is_told_before_the_function_is_stopped() -> None:
    """A handshake is answered within its 10 s, a sender within its 28 s; a client that disconnects delays nobody."""
    with local_stack() as stack:
        async with connect(stack.ws_url, open_timeout=30) as client:
            leaving = await connect(stack.ws_url, open_timeout=30)
            with stopped_cloud(stack):
                await client.send('{"action":"sendmessage","data":"live long","ref":"r1"}')
                await leaving.close()
                (status, seconds), answer = await asyncio.gather(refused(stack.ws_url), said(client))
            assert status == 503
            assert seconds < 10
            event = json.loads(answer)
            assert (event["type"], event["code"], event["ref"]) == ("error", "unavailable", "r1")
            # Afterwards everything works again.
            async with connect(stack.ws_url, open_timeout=30) as newcomer:
                await newcomer.send('{"action":"sendmessage","data":"and prosper"}')
                assert await said(client) == "and prosper"
        assert not any("timed out" in line for line in stack.log), stack.log
