"""What the functions are made of: the one place that knows both the environment and the adapters.

Everything here is made once in an execution environment, when a function's module first asks for it, and lives as long
as the environment does: the event loop, the clients, their TLS connections. Adapters are imported where they are made,
so that a function's cold start pays for the libraries that its own job needs.
"""

import asyncio
import logging
import os

from dependency_injector import containers, providers

from chat_core import Broadcast, Connect, ConnectionStore, Disconnect, MessageSink, ReceiveFrame, RefuseFrame

for _library in ("aiobotocore", "botocore", "pynamodb"):
    # At INFO they tell, in every cold start, where they found their settings.
    logging.getLogger(_library).setLevel(logging.WARNING)


def _on_sdk() -> bool:
    """Whether the reference adapters are asked for, which use PynamoDB and aioboto3."""
    return os.environ.get("ADAPTERS") == "sdk"


def _open_connection_store() -> ConnectionStore:
    table, region = os.environ["CONNECTIONS_TABLE"], os.environ["AWS_REGION"]
    if _on_sdk():
        from adapters.dynamodb.sdk import PynamoDBConnectionStore

        return PynamoDBConnectionStore.open(table=table, region=region)
    from adapters.aws import environment_credentials
    from adapters.dynamodb import DynamoDBConnectionStore

    # The SDKs' own variables, which a local stack sets.
    url = os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or os.environ.get("AWS_ENDPOINT_URL")
    return DynamoDBConnectionStore.open(table=table, region=region, credentials=environment_credentials, url=url)


def _open_message_sink(runner: asyncio.Runner) -> MessageSink:
    return _open_sdk_sink(runner) if _on_sdk() else _open_direct_sink()


def _open_direct_sink() -> MessageSink:
    from adapters.apigateway import ApiGatewayMessageSink
    from adapters.aws import environment_credentials

    return ApiGatewayMessageSink(
        url=_management_endpoint(), region=os.environ["AWS_REGION"], credentials=environment_credentials
    )


def _open_sdk_sink(runner: asyncio.Runner) -> MessageSink:
    import aioboto3

    from adapters.apigateway.sdk import SdkMessageSink, client_config

    async def open_sink() -> MessageSink:
        client = aioboto3.Session(region_name=os.environ["AWS_REGION"]).client(
            "apigatewaymanagementapi", endpoint_url=_management_endpoint(), config=client_config()
        )
        # Never closed: the environment ends without notice, and takes the connections with it.
        return SdkMessageSink(await client.__aenter__())

    return runner.run(open_sink())


def _management_endpoint() -> str:
    """Return the URL of the API's stage; the SDKs' own variable, which a local stack sets, goes before ours."""
    return os.environ.get("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI") or os.environ["MANAGEMENT_ENDPOINT"]


class Container(containers.DeclarativeContainer):
    """The use cases, on DynamoDB and API Gateway."""

    runner = providers.Singleton(asyncio.Runner)
    """The event loop that drives every use case, one event at a time, as Lambda hands them in."""

    connection_store = providers.Singleton(_open_connection_store)
    message_sink = providers.Singleton(_open_message_sink, runner)

    connect = providers.Singleton(Connect, store=connection_store)
    disconnect = providers.Singleton(Disconnect, store=connection_store)
    refuse_frame = providers.Singleton(RefuseFrame, sink=message_sink)
    broadcast = providers.Singleton(
        Broadcast, store=connection_store, sink=message_sink, start_task=providers.Object(asyncio.create_task)
    )
    receive_frame = providers.Singleton(ReceiveFrame, broadcast=broadcast, store=connection_store, sink=message_sink)


container = Container()
