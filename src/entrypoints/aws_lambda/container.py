"""The parts of the functions: the one place that knows both the environment and the adapters.

Each part is made once in an execution environment, when a function first needs it, and lives as long as the
environment does: the event loop, the clients, their TLS connections. Each adapter is imported when it is made, so that
the cold start of a function pays for the libraries that this function needs.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from dependency_injector import containers, providers

from chat_core import Chat, Clock, Ids, Lease, Limits, MessageSink, Ports, RateLimiter, Rooms, WakeUps

if TYPE_CHECKING:
    from aws_client import JsonClient

for _library in ("aiobotocore", "botocore", "pynamodb"):
    # At INFO they log the source of their settings in every cold start.
    logging.getLogger(_library).setLevel(logging.WARNING)


LIMITS = Limits(
    # The largest message that API Gateway takes in either direction (its WebSocket quotas table).
    payload_bytes=128 * 1024,
)


def _on_sdk() -> bool:
    """Return whether the reference adapters are chosen, which use PynamoDB and aioboto3."""
    return os.environ.get("ADAPTERS") == "sdk"


def _adapter(name: str) -> "Callable[[Callable[[], JsonClient]], Any]":
    """Return what opens an adapter on DynamoDB: the direct one, or the reference one on PynamoDB."""

    def open_adapter(client: "Callable[[], JsonClient]") -> Any:
        if _on_sdk():
            from adapters.dynamodb import sdk

            return getattr(sdk, f"PynamoDB{name}").on_table(table=_table(), region=_region())
        from adapters import dynamodb

        return getattr(dynamodb, f"DynamoDB{name}")(client(), table=_table())

    return open_adapter


def _open_dynamodb_client() -> "JsonClient":
    from adapters.dynamodb import dynamodb_client
    from aws_client import environment_credentials

    return dynamodb_client(region=_region(), credentials=environment_credentials, url=_endpoint("DYNAMODB"))


def _open_sqs_client() -> "JsonClient":
    from aws_client import environment_credentials, sqs_client

    return sqs_client(region=_region(), credentials=environment_credentials, url=_endpoint("SQS"))


def _open_wake_ups(client: "Callable[[], JsonClient]") -> WakeUps | None:
    """Return the queue of wake-ups, or None if the stack has none."""
    url = os.environ.get("FAN_OUT_QUEUE")
    if not url:
        return None
    from adapters.sqs import SqsWakeUps

    return SqsWakeUps(client(), url=url)


def _open_rate_limiter(client: "Callable[[], JsonClient]") -> RateLimiter | None:
    """Return the limiter, or None if the stack has no such limit."""
    per_second = float(os.environ.get("MESSAGE_RATE", "0"))
    if not per_second:
        return None
    from adapters.dynamodb import DynamoDBRateLimiter
    from chat_core import Rate

    return DynamoDBRateLimiter(
        client(), table=_table(), rate=Rate(per_second=per_second, burst=int(os.environ["MESSAGE_BURST"]))
    )


def _open_message_sink(runner: asyncio.Runner) -> MessageSink:
    return _open_sdk_sink(runner) if _on_sdk() else _open_direct_sink()


def _open_direct_sink() -> MessageSink:
    from adapters.apigateway import ApiGatewayMessageSink
    from aws_client import environment_credentials

    return ApiGatewayMessageSink(url=_management_endpoint(), region=_region(), credentials=environment_credentials)


def _open_sdk_sink(runner: asyncio.Runner) -> MessageSink:
    import aioboto3

    from adapters.apigateway.sdk import SdkMessageSink, client_config

    async def open_sink() -> MessageSink:
        client = aioboto3.Session(region_name=_region()).client(
            "apigatewaymanagementapi", endpoint_url=_management_endpoint(), config=client_config()
        )
        # Never closed: the execution environment ends without notice, and its connections end with it.
        return SdkMessageSink(await client.__aenter__())

    return runner.run(open_sink())


def _management_endpoint() -> str:
    """Return the URL of the API's stage. The variable of the SDKs, which an emulator sets, goes before ours."""
    return os.environ.get("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI") or os.environ["MANAGEMENT_ENDPOINT"]


def _endpoint(service: str) -> str | None:
    """Return the endpoint of a service by the variables of the SDKs. An emulator sets them, Lambda does not."""
    return os.environ.get(f"AWS_ENDPOINT_URL_{service}") or os.environ.get("AWS_ENDPOINT_URL")


def _table() -> str:
    return os.environ["CONNECTIONS_TABLE"]


def _region() -> str:
    return os.environ["AWS_REGION"]


def _open_lease(client: "JsonClient", *, receipt_handle: str, seconds: int) -> Lease:
    from adapters.sqs import SqsLease

    return SqsLease(client, url=os.environ["FAN_OUT_QUEUE"], receipt_handle=receipt_handle, seconds=seconds)


def _make_clock() -> Clock:
    from chat_core import SystemClock

    return SystemClock()


def _make_ids() -> Ids:
    from chat_core import RandomIds

    return RandomIds()


def _make_rooms() -> Rooms:
    """Read `rooms.json`, which lies beside our packages in the artifact, or where the variable says.

    Raises:
        OSError: there is none.
        WrongSettings: it cannot be used. `make build` and `chat local` refuse such a file before it gets here.

    """
    import json
    from pathlib import Path

    from chat_core.domain.room_settings import read_rooms

    path = os.environ.get("ROOMS_FILE") or Path(__file__).parents[2] / "rooms.json"
    return read_rooms(json.loads(Path(path).read_text(encoding="utf-8")))


def _default_protocol() -> str:
    """Return the name of the codec of clients that ask for none."""
    return os.environ.get("DEFAULT_PROTOCOL", "plain")


class _ContainerPorts:
    """The container's providers as the ports of a chat: each is made when a use case needs it."""

    def __init__(self, container: containers.Container) -> None:
        self._container = container

    def __getattr__(self, name: str) -> object:
        return getattr(self._container, name)()


def _make_chat(container: containers.Container) -> Chat:
    return Chat(cast("Ports", _ContainerPorts(container)))


class Container(containers.DeclarativeContainer):
    """The chat, on DynamoDB, API Gateway and SQS. The providers of its ports have the names that `Ports` gives them."""

    __self__ = providers.Self()

    runner = providers.Singleton(asyncio.Runner)
    """The event loop that drives every use case, one event at a time, as Lambda hands them in."""

    dynamodb_client = providers.Singleton(_open_dynamodb_client)
    sqs_client = providers.Singleton(_open_sqs_client)

    sessions = providers.Singleton(_adapter("Sessions"), dynamodb_client.provider)
    subscriptions = providers.Singleton(_adapter("Subscriptions"), dynamodb_client.provider)
    audience = providers.Singleton(_adapter("Audience"), dynamodb_client.provider)
    presence = providers.Singleton(_adapter("Presence"), dynamodb_client.provider)
    feed = providers.Singleton(_adapter("RoomFeed"), dynamodb_client.provider)
    history = providers.Singleton(_adapter("RoomHistory"), dynamodb_client.provider)
    sink = providers.Singleton(_open_message_sink, runner)
    start_task = providers.Object(asyncio.create_task)
    sleep = providers.Object(asyncio.sleep)
    limiter = providers.Singleton(_open_rate_limiter, dynamodb_client.provider)
    wake_ups = providers.Singleton(_open_wake_ups, sqs_client.provider)
    clock = providers.Singleton(_make_clock)
    ids = providers.Singleton(_make_ids)
    limits = providers.Object(LIMITS)
    rooms = providers.Singleton(_make_rooms)
    protocol = providers.Callable(_default_protocol)

    lease = providers.Factory(_open_lease, sqs_client)
    """A worker's lease; takes `receipt_handle` and `seconds`."""

    chat = providers.Singleton(_make_chat, __self__)


container = Container()
