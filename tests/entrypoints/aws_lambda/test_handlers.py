"""The functions behind the routes, given exactly what API Gateway gives them."""

import asyncio
import json
from typing import Any

import pytest

from adapters.apigateway import ApiGatewayMessageSink
from adapters.apigateway.sdk import SdkMessageSink
from entrypoints.aws_lambda.container import Container
from tests.support.events import CONNECTION_ID, Context, connect, disconnect, message
from tests.support.functions import Functions, functions_on, memory_ports, replies

HELLO = '{"action":"sendmessage","data":"live long"}'


def test_client_that_connects_is_in_the_lobby_as_plain(functions: Functions) -> None:
    """The original sample's clients ask for nothing."""
    assert functions("connect", connect()) == {"statusCode": 200}
    assert functions.members() == {CONNECTION_ID: "plain"}


def test_protocol_may_be_asked_for_in_the_query(functions: Functions) -> None:
    """Its clients take the URL as it is, and join rooms by command."""
    assert functions("connect", connect(query={"protocol": "centrifuge"})) == {"statusCode": 200}
    assert functions.members() == {}


def test_deploy_may_choose_the_protocol_of_clients_that_ask_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """And plain clients then ask for theirs."""
    monkeypatch.setenv("DEFAULT_PROTOCOL", "centrifuge")
    with functions_on(memory_ports()) as functions:
        functions("connect", connect())
        assert functions.members() == {}
        functions("connect", connect(query={"protocol": "plain"}))
        assert functions.members() == {CONNECTION_ID: "plain"}


def test_subprotocols_may_come_in_several_lines(functions: Functions) -> None:
    """Which are one list (RFC 6455, section 11.3.4); the map of single values has the last one alone."""
    event = dict(connect({"Sec-WebSocket-Protocol": "bearer.T"}))
    event["multiValueHeaders"] = {"Sec-WebSocket-Protocol": ["centrifuge-json", "bearer.T"]}
    assert functions("connect", event)["headers"] == {"Sec-WebSocket-Protocol": "centrifuge-json"}


def test_offered_subprotocol_is_accepted_by_name(functions: Functions) -> None:
    """API Gateway answers the handshake with the header that the function returns, and a browser insists on it."""
    answer = functions("connect", connect({"Sec-WebSocket-Protocol": "other,centrifuge-json"}))
    assert answer == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "centrifuge-json"}}


def test_header_is_found_in_any_case(functions: Functions) -> None:
    """HTTP/2 front ends write them small."""
    assert functions("connect", connect({"sec-websocket-protocol": "centrifuge-json"}))["headers"]


@pytest.mark.parametrize("value", ["", " ", ","])
def test_empty_subprotocol_is_none_at_all(functions: Functions, value: str) -> None:
    """A client library of Centrifuge sends one (centrifuge-python 0.5.0)."""
    event = connect({"Sec-WebSocket-Protocol": value}, {"protocol": "centrifuge"})
    assert functions("connect", event) == {"statusCode": 200}


def test_unknown_protocol_refuses_the_handshake(functions: Functions) -> None:
    """The client sees the status."""
    assert functions("connect", connect(query={"protocol": "xmpp"})) == {"statusCode": 400}
    assert functions.members() == {}


def test_handshake_is_refused_if_the_connection_cannot_be_stored(broken: Functions) -> None:
    """A connection that no message reaches would be worse; nothing of the cause leaks."""
    assert broken("connect", connect()) == {"statusCode": 503}


def test_client_that_disconnects_is_removed(functions: Functions) -> None:
    """Whatever closed the connection."""
    functions("connect", connect())
    assert functions("disconnect", disconnect()) == {"statusCode": 200}
    assert functions.members() == {}


def test_members_are_told_who_has_left(announcing: Functions) -> None:
    """The function of `$disconnect` tells them."""
    announcing.joins()
    other = announcing.receives("other")
    announcing("connect", connect(query={"protocol": "centrifuge"}, connection_id="other"))
    join = '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"lobby"}}'
    announcing("default", message(join, "$default", connection_id="other"))
    other.clear()

    assert announcing("disconnect", disconnect()) == {"statusCode": 200}

    (push,) = replies(other)
    assert push["push"]["channel"] == "lobby"
    assert push["push"]["leave"]["info"]["client"] == CONNECTION_ID


def test_failing_to_remove_is_answered_as_failure(broken: Functions) -> None:
    """Nobody sees the answer but the API's metrics."""
    assert broken("disconnect", disconnect()) == {"statusCode": 503}


def test_message_reaches_everyone(functions: Functions) -> None:
    """The whole of the original sample."""
    inbox = functions.receives()
    functions("connect", connect())
    assert functions("send_message", message(HELLO)) == {"statusCode": 200}
    assert inbox == ["live long"]


def test_message_of_either_protocol_reaches_clients_of_both(functions: Functions) -> None:
    """The lobby is one room."""
    plain = functions.receives("plain")
    functions("connect", connect(connection_id="plain"))
    rich = functions.joins()

    functions("send_message", message(HELLO, connection_id="plain"))
    functions.calls({"id": 3, "publish": {"channel": "lobby", "data": {"a": 1}}})

    assert plain == ["live long", '{"a":1}']
    assert [each["push"]["pub"]["data"] for each in replies(rich) if "push" in each] == ["live long", {"a": 1}]
    assert [each for each in replies(rich) if "id" in each] == [{"id": 3, "publish": {}}]


def test_frame_of_several_commands_is_answered_by_one_frame(functions: Functions) -> None:
    """Each answer is a post that costs as much as a message."""
    inbox = functions.receives()
    functions("connect", connect(query={"protocol": "centrifuge"}))
    answer = functions.calls(
        {"id": 1, "connect": {}},
        {"id": 2, "subscribe": {"channel": "a"}},
        {"id": 3, "presence_stats": {"channel": "a"}},
    )
    assert answer == {"statusCode": 200}
    (frame,) = inbox
    assert [each["id"] for each in replies([frame])] == [1, 2, 3]


def test_fault_of_a_command_is_told_in_its_protocol(functions: Functions) -> None:
    """A frame that is not JSON would end the client library."""
    inbox = functions.joins()
    assert functions.calls({"id": 3, "publish": {"channel": "other", "data": 1}}) == {"statusCode": 400}
    assert replies(inbox) == [{"id": 3, "error": {"code": 103, "message": "permission denied"}}]


def test_command_without_a_table_is_told_as_temporary(broken: Functions) -> None:
    """Whether the client's protocol could be read or not."""
    inbox = broken.receives()
    assert broken.calls({"id": 7, "publish": {"channel": "lobby", "data": 1}}) == {"statusCode": 503}
    assert replies(inbox) == [{"id": 7, "error": {"code": 100, "message": "internal server error", "temporary": True}}]


def test_fault_of_a_message_is_told_to_its_sender(functions: Functions) -> None:
    """As an event with a stable code."""
    inbox = functions.receives()
    functions("connect", connect())
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
    assert functions("send_message", message(HELLO), Context(remaining_ms=1_200)) == {"statusCode": 200}


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
    assert functions.members() == {CONNECTION_ID: "plain"}


def test_message_event_without_a_body_is_a_malformed_frame(functions: Functions) -> None:
    """An empty frame may come without one."""
    inbox = functions.receives()
    functions("connect", connect())
    event: dict[str, Any] = {**message("", "$default")}
    del event["body"]
    assert functions("default", event) == {"statusCode": 400}
    assert json.loads(inbox[0])["code"] == "malformed_frame"


def test_idle_clients_receive_a_frame_without_meaning(functions: Functions) -> None:
    """Those of the Centrifuge protocol alone: a plain client would show it."""
    plain = functions.receives("plain")
    functions("connect", connect(connection_id="plain"))
    rich = functions.joins()

    functions("keep_alive", {"source": "aws.events"})

    assert plain == []
    (frame,) = rich
    # The libraries look for a command with this id, and find none.
    assert json.loads(frame) == {"id": 4294967295}


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
