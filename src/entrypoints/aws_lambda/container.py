"""What the functions are made of: the one place that knows both the environment and the adapters.

Everything here is made once in an execution environment, when a function's module first asks for it, and lives as long
as the environment does: the event loop, the clients, their TLS connections. Adapters are imported where they are made,
so that a function's cold start pays for the libraries that its own job needs.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from dependency_injector import containers, providers

from chat_core import (
    Broadcast,
    Connect,
    ConnectionStore,
    ContinueFanOut,
    Disconnect,
    FanOutProgress,
    FanOutQueue,
    HandOn,
    MessageSink,
    Rate,
    RateLimiter,
    ReceiveFrame,
    RefuseFrame,
    RoomDelivery,
)

if TYPE_CHECKING:
    from aws_client import JsonClient

for _library in ("aiobotocore", "botocore", "pynamodb"):
    # At INFO they tell, in every cold start, where they found their settings.
    logging.getLogger(_library).setLevel(logging.WARNING)


def _on_sdk() -> bool:
    """Whether the reference adapters are asked for, which use PynamoDB and aioboto3."""
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


def _open_fan_out_progress(client: "JsonClient") -> FanOutProgress:
    from adapters.dynamodb import DynamoDBFanOutProgress

    return DynamoDBFanOutProgress(client, table=_table())


def _open_fan_out_queue() -> FanOutQueue | None:
    """Return the queue; a stack may have none."""
    queue = os.environ.get("FAN_OUT_QUEUE")
    if not queue:
        return None
    from adapters.sqs import SqsFanOutQueue
    from aws_client import environment_credentials, sqs_client

    client = sqs_client(region=_region(), credentials=environment_credentials, url=_endpoint("SQS"))
    return SqsFanOutQueue(client, url=queue)


def _open_rate_limiter(client: "Callable[[], JsonClient]") -> RateLimiter | None:
    """Return what bounds each connection; a stack may have no such bound."""
    per_second = float(os.environ.get("MESSAGE_RATE", "0"))
    if not per_second:
        return None
    from adapters.dynamodb import DynamoDBRateLimiter

    return DynamoDBRateLimiter(
        client(), table=_table(), rate=Rate(per_second=per_second, burst=int(os.environ["MESSAGE_BURST"]))
    )


def _hand_on(queue: FanOutQueue | None) -> HandOn | None:
    return None if queue is None else HandOn(queue=queue)


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
        # Never closed: the environment ends without notice, and takes the connections with it.
        return SdkMessageSink(await client.__aenter__())

    return runner.run(open_sink())


def _management_endpoint() -> str:
    """Return the URL of the API's stage; the SDKs' own variable, which a local stack sets, goes before ours."""
    return os.environ.get("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI") or os.environ["MANAGEMENT_ENDPOINT"]


def _endpoint(service: str) -> str | None:
    """Return where the SDKs' own variables say that a service is; a local stack sets them, Lambda does not."""
    return os.environ.get(f"AWS_ENDPOINT_URL_{service}") or os.environ.get("AWS_ENDPOINT_URL")


def _table() -> str:
    return os.environ["CONNECTIONS_TABLE"]


def _region() -> str:
    return os.environ["AWS_REGION"]


class Container(containers.DeclarativeContainer):
    """The use cases, on DynamoDB, API Gateway and SQS."""

    runner = providers.Singleton(asyncio.Runner)
    """The event loop that drives every use case, one event at a time, as Lambda hands them in."""

    dynamodb_client = providers.Singleton(_open_dynamodb_client)
    connection_store = providers.Singleton(_open_connection_store, dynamodb_client.provider)
    message_sink = providers.Singleton(_open_message_sink, runner)
    fan_out_queue = providers.Singleton(_open_fan_out_queue)
    fan_out_progress = providers.Singleton(_open_fan_out_progress, dynamodb_client)
    rate_limiter = providers.Singleton(_open_rate_limiter, dynamodb_client.provider)

    connect = providers.Singleton(Connect, store=connection_store)
    disconnect = providers.Singleton(Disconnect, store=connection_store)
    refuse_frame = providers.Singleton(RefuseFrame, sink=message_sink)
    room_delivery = providers.Singleton(
        RoomDelivery, store=connection_store, sink=message_sink, start_task=providers.Object(asyncio.create_task)
    )
    hand_on = providers.Singleton(_hand_on, fan_out_queue)
    broadcast = providers.Singleton(Broadcast, deliver=room_delivery, hand_on=hand_on)
    receive_frame = providers.Singleton(
        ReceiveFrame, broadcast=broadcast, store=connection_store, sink=message_sink, limiter=rate_limiter
    )
    continue_fan_out = providers.Singleton(
        ContinueFanOut, deliver=room_delivery, hand_on=hand_on, progress=fan_out_progress
    )


container = Container()
