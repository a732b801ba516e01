"""The Runtime API's refusals: what no well-behaved runtime client asks."""

import asyncio
from collections.abc import AsyncIterator
from http.client import HTTPConnection

import pytest

from entrypoints.local.functions.invocation import Failure, Invocation
from entrypoints.local.functions.runtime_api import Polled, RuntimeApi

ROOT = "/2018-06-01/runtime/"


class Caller:
    """A runtime client by hand."""

    def __init__(self, api: RuntimeApi, address: str) -> None:
        self.api = api
        self.address = address

    async def __call__(self, method: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
        """Make one request; return the answer's status and body."""
        return await asyncio.to_thread(self._call, method, target, body)

    def _call(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        connection = HTTPConnection(self.address, timeout=20)
        try:
            connection.request(method, target, body)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@pytest.fixture
async def call() -> AsyncIterator[Caller]:
    """Return a client of a Runtime API that nobody has polled."""
    api = RuntimeApi()
    yield Caller(api, await api.open())
    await api.close()


def invocation() -> Invocation:
    """Make an event."""
    return Invocation(function_arn="arn", event=b"{}", answer=asyncio.get_running_loop().create_future())


async def test_there_is_nothing_but_the_documented_resources(call: Caller) -> None:
    """By path and by method."""
    for method, target in [
        ("GET", "/"),
        ("GET", ROOT),
        ("POST", ROOT + "invocation/next"),
        ("GET", ROOT + "init/error"),
    ]:
        assert (await call(method, target))[0] == 404


async def test_an_answer_to_another_event_is_refused(call: Caller) -> None:
    """The event under way stays open."""
    poll = asyncio.create_task(call("GET", ROOT + "invocation/next"))
    assert await call.api.steps.get() is Polled.POLLED
    event = invocation()
    call.api.give(event, deadline_ms=1)
    assert await poll == (200, b"{}")
    assert (await call("POST", ROOT + "invocation/other/response", b"1"))[0] == 400
    assert (await call("POST", ROOT + f"invocation/{event.request_id}/response", b"2"))[0] == 202
    assert await call.api.steps.get() == b"2"


async def test_a_move_out_of_turn_is_refused(call: Caller) -> None:
    """A second answer, a poll while an event is under way, an initialization error after the first poll."""
    poll = asyncio.create_task(call("GET", ROOT + "invocation/next"))
    await call.api.steps.get()
    event = invocation()
    call.api.give(event, deadline_ms=1)
    await poll
    assert (await call("GET", ROOT + "invocation/next"))[0] == 403
    assert (await call("POST", ROOT + "init/error", b"{}"))[0] == 403
    assert (await call("POST", ROOT + f"invocation/{event.request_id}/response", b"1"))[0] == 202
    assert (await call("POST", ROOT + f"invocation/{event.request_id}/response", b"1"))[0] == 403


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"errorType": 1}'])
async def test_an_error_document_may_be_anything(call: Caller, body: bytes) -> None:
    """A runtime client of another kind may leave out what AWS's own says."""
    assert (await call("POST", ROOT + "init/error", body))[0] == 202
    assert isinstance(await call.api.steps.get(), Failure)
