"""The Runtime API's rejections of requests that a correct runtime client never makes."""

import asyncio
import os
import sys
import textwrap
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from local_aws.http_server import peers
from local_aws.lambda_.invocation import Failure, Invocation
from local_aws.lambda_.runtime_api import Polled, RuntimeApi

ROOT = "/2018-06-01/runtime/"


class Caller:
    """A manual runtime client."""

    def __init__(self, api: RuntimeApi, address: str, path: str = "") -> None:
        self.api = api
        self.address = address
        self.path = path

    async def __call__(self, method: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
        """Make one request; return the status and the body of the response."""
        return await asyncio.to_thread(self._call, method, self.path + target, body)

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
    """Return a client of a Runtime API before the first poll."""
    api = RuntimeApi()
    yield Caller(api, await api.open())
    await api.close()


def invocation() -> Invocation:
    """Make an event."""
    return Invocation(function_arn="arn", event=b"{}", answer=asyncio.get_running_loop().create_future())


async def test_there_is_nothing_but_the_documented_resources(call: Caller) -> None:
    """Both the path and the method count."""
    for method, target in [
        ("GET", "/"),
        ("GET", ROOT),
        ("POST", ROOT + "invocation/next"),
        ("GET", ROOT + "init/error"),
    ]:
        assert (await call(method, target))[0] == 404


@pytest.mark.parametrize("path", ["", "/", "/wrong", "/sesam/..", "//sesam", "/%73esam", "/sesa", "/sesamm"])
async def test_who_does_not_know_the_secret_gets_no_event_and_answers_none(path: str) -> None:
    """An event has a user's token, and the response of an authorizer can admit a user."""
    api = RuntimeApi(secret="sesam")
    address, _, secret = (await api.open()).partition("/")
    assert secret == "sesam"
    own, stranger = Caller(api, address, "/sesam"), Caller(api, address, path)
    try:
        poll = asyncio.create_task(own("GET", ROOT + "invocation/next"))
        assert await api.steps.get() is Polled.POLLED
        assert (await stranger("GET", ROOT + "invocation/next"))[0] in {403, 404}
        event = invocation()
        api.give(event, deadline_ms=1)
        assert await poll == (200, b"{}")
        answer = ROOT + f"invocation/{event.request_id}/response"
        assert (await stranger("POST", answer, b'{"statusCode": 200}'))[0] in {403, 404}
        assert (await stranger("POST", ROOT + "init/error", b"{}"))[0] in {403, 404}
        assert (await own("POST", answer, b"mine"))[0] == 202
        assert await api.steps.get() == b"mine"
        assert api.steps.empty()
    finally:
        await api.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can be another account; CI is root")
async def test_another_account_is_rejected_even_with_the_secret(call: Caller) -> None:
    """AWS's client does not support a secret everywhere; Linux has the owner of a connection, for IPv4 and IPv6."""
    poll = asyncio.create_task(call("GET", ROOT + "invocation/next"))
    await call.api.steps.get()
    event = invocation()
    call.api.give(event, deadline_ms=1)
    await poll
    answer = f"POST {ROOT}invocation/{event.request_id}/response HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
    for host in ("127.0.0.1", "::ffff:127.0.0.1"):
        for request in (f"GET {ROOT}invocation/next HTTP/1.1\r\nHost: x\r\n\r\n", answer):
            assert (await as_nobody(host, call.address, request)).startswith("HTTP/1.1 403")
    await as_nobody("127.0.0.1", call.address, answer, reads=False)
    assert (await call("POST", ROOT + f"invocation/{event.request_id}/response", b"2"))[0] == 202
    assert await call.api.steps.get() == b"2"
    assert call.api.steps.empty()


async def as_nobody(host: str, address: str, request: str, *, reads: bool = True) -> str:
    """Send a request from a process of the account `nobody`; return the response, unless it disconnects at once."""
    source = """
        import os, socket, sys
        os.setuid(65534)
        host = sys.argv[1]
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as connection:
            connection.settimeout(20)
            connection.connect((host, int(sys.argv[2])))
            connection.sendall(sys.argv[3].encode())
            print(connection.recv(1000).decode() if sys.argv[4] == "True" else "")
    """
    command = (sys.executable, "-c", textwrap.dedent(source), host, address.rpartition(":")[2], request, str(reads))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


async def test_a_table_that_does_not_list_us_says_nothing_of_others(
    call: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Functions must also run if the system does not provide it, as on macOS."""
    for tables in ((tmp_path / "nothing",), ()):
        monkeypatch.setattr(peers, "_TABLES", tables)
        assert (await call("POST", ROOT + "nothing"))[0] == 404


async def test_an_answer_to_another_event_is_refused(call: Caller) -> None:
    """The running event stays open."""
    poll = asyncio.create_task(call("GET", ROOT + "invocation/next"))
    assert await call.api.steps.get() is Polled.POLLED
    event = invocation()
    call.api.give(event, deadline_ms=1)
    assert await poll == (200, b"{}")
    assert (await call("POST", ROOT + "invocation/other/response", b"1"))[0] == 400
    assert (await call("POST", ROOT + f"invocation/{event.request_id}/response", b"2"))[0] == 202
    assert await call.api.steps.get() == b"2"


async def test_a_move_out_of_turn_is_refused(call: Caller) -> None:
    """Examples are a second response, a poll while an event runs, and an initialization error after the first poll."""
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
    """Another runtime client may omit what AWS's client sends."""
    assert (await call("POST", ROOT + "init/error", body))[0] == 202
    assert isinstance(await call.api.steps.get(), Failure)
