"""The parts of the functions: the one place that knows both the environment and the adapters.

Each part is made once in an execution environment, when a function first needs it, and lives as long as the
environment does: the event loop, the clients, their TLS connections. Each adapter is imported when it is made, so that
the cold start of a function pays for the libraries that this function needs.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from dependency_injector import containers, providers

from chat_core import (
    Chat,
    CheckpointStore,
    Clock,
    ConnectionStore,
    Ids,
    JobQueue,
    Lease,
    Limits,
    MessageSink,
    Ports,
    Rate,
    RateLimiter,
)

if TYPE_CHECKING:
    from aws_client import JsonClient

for _library in ("aiobotocore", "botocore", "pynamodb"):
    # At INFO they log the source of their settings in every cold start.
    logging.getLogger(_library).setLevel(logging.WARNING)


LIMITS = Limits(
    # The largest message that API Gateway takes in either direction (its WebSocket quotas table).
    payload_bytes=128 * 1024,
    # Ids of 16 characters, with quotes and commas: 76 KB of the 256 KB that SQS takes, besides a message of 128 KB.
    job_recipients=4000,
)


def _on_sdk() -> bool:
    """Return whether the reference adapters are chosen, which use PynamoDB and aioboto3."""
    return os.environ.get("ADAPTERS") == "sdk"


def _open_connection_store(client: "Callable[[], JsonClient]") -> ConnectionStore:
    if _on_sdk():
        from adapters.dynamodb.sdk import PynamoDBConnectionStore

        return PynamoDBConnectionStore.open(table=_table(), region=_region())
    from adapters.dynamodb import DynamoDBConnectionStore

    return DynamoDBConnectionStore(client(), table=_table())


def _open_dynamodb_client() -> "JsonClient":
    from adapters.dynamodb import dynamodb_client
    from aws_client import environment_credentials

    return dynamodb_client(region=_region(), credentials=environment_credentials, url=_endpoint("DYNAMODB"))


def _open_checkpoints(client: "JsonClient") -> CheckpointStore:
    from adapters.dynamodb import DynamoDBCheckpointStore

    return DynamoDBCheckpointStore(client, table=_table())


def _open_sqs_client() -> "JsonClient":
    from aws_client import environment_credentials, sqs_client

    return sqs_client(region=_region(), credentials=environment_credentials, url=_endpoint("SQS"))


def _open_queue(client: "Callable[[], JsonClient]") -> JobQueue | None:
    """Return the queue, or None if the stack has none."""
    url = os.environ.get("FAN_OUT_QUEUE")
    if not url:
        return None
    from adapters.sqs import SqsJobQueue

    return SqsJobQueue(client(), url=url)


def _open_rate_limiter(client: "Callable[[], JsonClient]") -> RateLimiter | None:
    """Return the limiter, or None if the stack has no such limit."""
    per_second = float(os.environ.get("MESSAGE_RATE", "0"))
    if not per_second:
        return None
    from adapters.dynamodb import DynamoDBRateLimiter

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

    store = providers.Singleton(_open_connection_store, dynamodb_client.provider)
    sink = providers.Singleton(_open_message_sink, runner)
    start_task = providers.Object(asyncio.create_task)
    limiter = providers.Singleton(_open_rate_limiter, dynamodb_client.provider)
    queue = providers.Singleton(_open_queue, sqs_client.provider)
    checkpoints = providers.Singleton(_open_checkpoints, dynamodb_client)
    clock = providers.Singleton(_make_clock)
    ids = providers.Singleton(_make_ids)
    limits = providers.Object(LIMITS)

    lease = providers.Factory(_open_lease, sqs_client)
    """A worker's lease; takes `receipt_handle` and `seconds`."""

    chat = providers.Singleton(_make_chat, __self__)


container = Container()
