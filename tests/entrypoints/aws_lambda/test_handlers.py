"""The functions behind the routes, given exactly what API Gateway gives them."""

import asyncio
import importlib
import json
import math
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.apigateway import ApiGatewayMessageSink
from adapters.apigateway.sdk import SdkMessageSink
from adapters.dynamodb import DynamoDBConnectionStore
from adapters.memory import MemoryConnectionStore, MemoryMessageSink
from chat_core import LOBBY, AudiencePage, Connection, ConnectionStore, Unavailable
from entrypoints.aws_lambda.container import Container, container
from entrypoints.aws_lambda.events import Event, Response
from tests.support import dynamodb
from tests.support.events import CONNECTION_ID, Context, connect, disconnect, message
from tests.support.silent_server import silent_server


@dataclass
class Functions:
    """The functions, on adapters that keep everything here."""

    store: ConnectionStore
    sink: MemoryMessageSink = field(default_factory=MemoryMessageSink)
    handlers: dict[str, Callable[[Event, Context], Response]] = field(default_factory=dict)

    def __call__(self, name: str, event: Event, context: Context | None = None) -> Response:
        answer = self.handlers[name](event, context or Context())
        # API Gateway takes an answer with any other member for a malformed one.
        assert set(answer) <= {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
        return answer

    def receives(self, connection_id: str = CONNECTION_ID) -> list[str]:
        """Let the connection take messages; return the list that they will be in."""
        inbox: list[str] = []

        async def send(text: str) -> None:
            inbox.append(text)

        self.sink.attach(connection_id, send)
        return inbox

    def lobby(self) -> dict[str, str]:
        async def read() -> dict[str, str]:
            pages = [page async for page in self.store.recipients(room=LOBBY)]
            return {each: codec for page in pages for codec, ids in page.ids.items() for each in ids}

        return asyncio.run(read())


def load(functions: Functions) -> Iterator[Functions]:
    """Import the handlers anew, as a new execution environment does."""
    container.reset_singletons()
    with (
        container.store.override(functions.store),
        container.sink.override(functions.sink),
    ):
        for name in ("connect", "disconnect", "send_message", "default"):
            module = importlib.reload(importlib.import_module(f"entrypoints.aws_lambda.{name}"))
            functions.handlers[name] = module.handler
        yield functions
        container.runner().close()
    container.reset_singletons()


@pytest.fixture
def functions() -> Iterator[Functions]:
    """Return the functions in a chat that nobody is in."""
    yield from load(Functions(MemoryConnectionStore()))


class UnreachableStore(MemoryConnectionStore):
    """Fails like a table that is not there."""

    async def join(self, *, room: str, connection: Connection, deadline: float = math.inf) -> None:
        raise Unavailable("internal detail")

    async def remove(self, *, connection_ids: Sequence[str], deadline: float = math.inf) -> None:
        raise Unavailable("internal detail")

    async def recipients(
        self, *, room: str, cursor: str = "", deadline: float = math.inf
    ) -> AsyncIterator[AudiencePage]:
        raise Unavailable("The chat's table could not be reached.")
        yield AudiencePage(ids={}, next_cursor="")


@pytest.fixture
def broken() -> Iterator[Functions]:
    """Return the functions without a table."""
    yield from load(Functions(UnreachableStore()))


def test_client_that_connects_is_in_the_lobby_as_plain(functions: Functions) -> None:
    """The original sample's clients ask for nothing."""
    assert functions("connect", connect()) == {"statusCode": 200}
    assert functions.lobby() == {CONNECTION_ID: "plain"}


def test_subprotocols_may_come_in_several_lines(functions: Functions) -> None:
    """Which are one list (RFC 6455, section 11.3.4); the map of single values has the last one alone."""
    event = dict(connect({"Sec-WebSocket-Protocol": "bearer.T"}))
    event["multiValueHeaders"] = {"Sec-WebSocket-Protocol": ["chat.v1", "bearer.T"]}
    assert functions("connect", event)["headers"] == {"Sec-WebSocket-Protocol": "chat.v1"}
    assert functions.lobby() == {CONNECTION_ID: "json"}


def test_offered_subprotocol_is_accepted_by_name(functions: Functions) -> None:
    """API Gateway answers the handshake with the header that the function returns, and a browser insists on it."""
    answer = functions("connect", connect({"Sec-WebSocket-Protocol": "other,chat.v1"}))
    assert answer == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat.v1"}}
    assert functions.lobby() == {CONNECTION_ID: "json"}


def test_header_is_found_in_any_case(functions: Functions) -> None:
    """HTTP/2 front ends write them small."""
    assert functions("connect", connect({"sec-websocket-protocol": "chat.v1"}))["headers"]


def test_format_may_be_asked_for_in_the_query(functions: Functions) -> None:
    """For clients that cannot set a subprotocol; then none may be answered either."""
    assert functions("connect", connect(query={"format": "json"})) == {"statusCode": 200}
    assert functions.lobby() == {CONNECTION_ID: "json"}


def test_unknown_format_refuses_the_handshake(functions: Functions) -> None:
    """The client sees the status."""
    assert functions("connect", connect(query={"format": "xml"})) == {"statusCode": 400}
    assert functions.lobby() == {}


def test_handshake_is_refused_if_the_connection_cannot_be_stored(broken: Functions) -> None:
    """A connection that no message reaches would be worse; nothing of the cause leaks."""
    assert broken("connect", connect()) == {"statusCode": 503}


def test_client_that_disconnects_is_removed(functions: Functions) -> None:
    """Whatever closed the connection."""
    functions("connect", connect())
    assert functions("disconnect", disconnect()) == {"statusCode": 200}
    assert functions.lobby() == {}


def test_failing_to_remove_is_answered_as_failure(broken: Functions) -> None:
    """Nobody sees the answer but the API's metrics."""
    assert broken("disconnect", disconnect()) == {"statusCode": 503}


def test_message_reaches_everyone(functions: Functions) -> None:
    """The whole of the original sample."""
    inbox = functions.receives()
    functions("connect", connect())
    answer = functions("send_message", message('{"action":"sendmessage","data":"live long"}'))
    assert answer == {"statusCode": 200}
    assert inbox == ["live long"]


def test_fault_of_a_message_is_told_to_its_sender(functions: Functions) -> None:
    """As an event with a stable code."""
    inbox = functions.receives()
    assert functions("send_message", message('{"action":"sendmessage"}')) == {"statusCode": 400}
    assert json.loads(inbox[0])["code"] == "invalid_request"


def test_message_without_a_table_is_told_as_retryable(broken: Functions) -> None:
    """And in words that give nothing internal away."""
    inbox = broken.receives()
    assert broken("send_message", message('{"action":"sendmessage","data":"x"}')) == {"statusCode": 503}
    assert json.loads(inbox[0]) == {
        "type": "error", "code": "unavailable", "message": "The chat's table could not be reached.", "retryable": True,
    }  # fmt: skip


def test_delivery_stops_before_the_function_is_stopped(functions: Functions) -> None:
    """There has to be time to count and to answer."""

    async def hang(_text: str) -> None:
        await asyncio.Event().wait()

    functions("connect", connect())
    functions.sink.attach(CONNECTION_ID, hang)
    event = message('{"action":"sendmessage","data":"x"}')
    assert functions("send_message", event, Context(remaining_ms=1_200)) == {"statusCode": 200}


@pytest.mark.parametrize(
    ("body", "code"),
    [("hello", "malformed_frame"), ("", "malformed_frame"), ('{"action":"dance"}', "unknown_action")],
)
def test_frame_of_no_route_is_refused_and_the_connection_stays(functions: Functions, body: str, code: str) -> None:
    """`$default` takes it."""
    inbox = functions.receives()
    functions("connect", connect())
    assert functions("default", message(body, "$default")) == {"statusCode": 400}
    assert json.loads(inbox[0])["code"] == code
    assert functions.lobby() == {CONNECTION_ID: "plain"}


def test_message_event_without_a_body_is_a_malformed_frame(functions: Functions) -> None:
    """An empty frame may come without one."""
    inbox = functions.receives()
    event: dict[str, Any] = {**message("", "$default")}
    del event["body"]
    assert functions("default", event) == {"statusCode": 400}
    assert json.loads(inbox[0])["code"] == "malformed_frame"


@pytest.mark.parametrize(
    ("variables", "endpoint"),
    [
        ({"MANAGEMENT_ENDPOINT": "https://chat.example.com/v1"}, "https://chat.example.com/v1"),
        (
            {
                "MANAGEMENT_ENDPOINT": "https://a.execute-api.us-east-1.amazonaws.com/dev",
                "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": "http://127.0.0.1:3001/dev",
            },
            "http://127.0.0.1:3001/dev",
        ),
    ],
)
def test_management_endpoint_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], endpoint: str
) -> None:
    """A custom domain, or a local stack, takes no other code."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    sink = Container().sink()
    assert isinstance(sink, ApiGatewayMessageSink)
    assert sink.url == endpoint


def test_adapters_on_the_sdk_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are the reference, and know proxies and settings that the others do not."""
    monkeypatch.setenv("MANAGEMENT_ENDPOINT", "https://chat.example.com/v1")
    monkeypatch.setenv("ADAPTERS", "sdk")
    own = Container()
    sink = own.sink()
    assert isinstance(sink, SdkMessageSink)
    client = sink._client
    try:
        assert client.meta.endpoint_url == "https://chat.example.com/v1"
        # The sink retries, so the SDK must not; and it needs as many sockets as it posts at once.
        assert client.meta.config.retries["total_max_attempts"] == 1
        assert client.meta.config.max_pool_connections == 100
    finally:
        own.runner().run(client.close())
        own.runner().close()


@pytest.fixture
def hanging() -> Iterator[Functions]:
    """Return the functions on a table that takes requests and does not answer."""
    with silent_server() as url, closing(dynamodb.direct_client(url)) as client:
        yield from load(Functions(DynamoDBConnectionStore(client, table="t")))


@pytest.mark.parametrize(("name", "event"), [("connect", connect()), ("disconnect", disconnect())])
def test_table_that_hangs_is_answered_as_failure_in_time(hanging: Functions, name: str, event: Event) -> None:
    """By the function, which says why in its log; one that is stopped says nothing, and its client gets a 502."""
    started = time.monotonic()
    assert hanging(name, event, Context(remaining_ms=1_300)) == {"statusCode": 503}
    assert time.monotonic() - started < 1.3


@pytest.mark.parametrize("ref", [{}, {"ref": "r1"}], ids=["no ref", "ref"])
def test_sender_is_told_in_time_that_the_table_hangs(hanging: Functions, ref: dict[str, str]) -> None:
    """There is time left for that."""
    inbox = hanging.receives()
    event = message(json.dumps({"action": "sendmessage", "data": "x"} | ref))
    started = time.monotonic()
    assert hanging("send_message", event, Context(remaining_ms=1_500)) == {"statusCode": 503}
    assert time.monotonic() - started < 1.5
    assert json.loads(inbox[0])["code"] == "unavailable"
