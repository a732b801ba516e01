"""A gateway on loopback sockets; its functions are coroutines of the test."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from local_aws.api_gateway import Gateway
from local_aws.config import ApiConfig, AuthorizerConfig, IntegrationConfig, RouteConfig
from local_aws.invoker import Invoker

Event = dict[str, Any]
Function = Callable[[Event], Awaitable[Any]]


async def succeed(event: Event) -> Event:
    """Return status 200."""
    return {"statusCode": 200}


class Functions(Invoker):
    """Runs coroutines as functions, by ARN, and records their events."""

    def __init__(self) -> None:
        self.bodies: dict[str, Function] = {}
        self.events: list[Event] = []
        self.sources: list[str] = []
        self.invoked = asyncio.Event()

    async def invoke(self, *, function_arn: str, event: bytes, source_arn: str = "") -> bytes:
        document = json.loads(event)
        self.sources.append(source_arn)
        self.events.append(document)
        self.invoked.set()
        return json.dumps(await self.bodies[function_arn](document)).encode()


class Api:
    """An API under test: add routes, then start it."""

    def __init__(self) -> None:
        self.functions = Functions()
        self.routes: dict[str, RouteConfig] = {}
        self.lines: list[str] = []
        self._logged = asyncio.Event()
        self.port = 0
        self.gateway: Gateway | None = None

    def route(
        self, key: str, function: Function = succeed, *, two_way: bool = False, timeout_ms: int = 29_000, **fields: Any
    ) -> None:
        """Add a route with a function; `fields` are more fields of `RouteConfig`."""
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:{key}"
        self.functions.bodies[arn] = function
        integration = IntegrationConfig(function_arn=arn, timeout_ms=timeout_ms)
        self.routes[key] = RouteConfig(key=key, integration=integration, returns_response=two_way, **fields)

    def authorizer(self, function: Function, *sources: str) -> None:
        """Add an authorizer to `$connect`, whose function succeeds."""
        arn = "arn:aws:lambda:us-east-1:123456789012:function:authorizer"
        self.functions.bodies[arn] = function
        config = AuthorizerConfig(id="auth01", name="guard", function_arn=arn, identity_sources=sources)
        self.route("$connect", authorization_type="CUSTOM", authorizer=config)

    async def start(
        self,
        *,
        expression: str = "$request.body.action",
        variables: dict[str, str] | None = None,
        fields: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Start the gateway of the API `abcdef1234`, stage `dev`; `fields` are more fields of `ApiConfig`."""
        config = ApiConfig(
            id="abcdef1234",
            name="chat",
            stage="dev",
            region="us-east-1",
            account="123456789012",
            route_selection_expression=expression,
            routes=self.routes,
            stage_variables=variables or {},
            **(fields or {}),
        )
        self.gateway = Gateway(api=config, invoker=self.functions, log=self._log, **options)
        self.port = await self.gateway.start()

    def connect(self, path: str = "/dev", **options: Any) -> connect:
        """Connect a WebSocket client, without compression by default."""
        options = {"compression": None, "open_timeout": 5, "close_timeout": 5, **options}
        return connect(f"ws://127.0.0.1:{self.port}{path}", **options)

    async def refusal(self, path: str = "/dev", **options: Any) -> tuple[int, Any]:
        """Try to connect; return the status and the JSON body of the refusal."""
        with pytest.raises(InvalidStatus) as caught:
            await self.connect(path, **options)
        response = caught.value.response
        assert response.headers["Content-Type"] == "application/json"
        return response.status_code, json.loads(response.body or b"")

    async def events(self, kind: str, count: int = 1) -> list[Event]:
        """Wait for `count` events of a kind; return them."""
        async with asyncio.timeout(5):
            while len(self._events(kind)) < count:
                self.functions.invoked.clear()
                await self.functions.invoked.wait()
        return self._events(kind)

    def _events(self, kind: str) -> list[Event]:
        """Return the events of a kind; an authorizer's kind is `REQUEST`."""
        return [
            event for event in self.functions.events if event.get("type", event["requestContext"]["eventType"]) == kind
        ]

    def _log(self, line: str) -> None:
        self.lines.append(line)
        self._logged.set()

    async def logged(self) -> list[str]:
        """Wait for the first line of the log; return the log."""
        await asyncio.wait_for(self._logged.wait(), 5)
        return self.lines

    async def exchange(self, data: bytes) -> bytes:
        """Send bytes on a new connection; return everything that arrives until the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            return await asyncio.wait_for(reader.read(), 5)
        finally:
            writer.close()

    async def manage(
        self,
        operation: str,
        *,
        stage: str = "dev",
        attempts: int = 3,
        key: tuple[str, str, str | None] = ("test", "test", None),
        **arguments: Any,
    ) -> Any:
        """Call the management API with boto3; `key` is the access key id, its secret and a session token."""

        def call() -> Any:
            client = boto3.client(
                "apigatewaymanagementapi",
                endpoint_url=f"http://127.0.0.1:{self.port}/{stage}",
                region_name="us-east-1",
                aws_access_key_id=key[0],
                aws_secret_access_key=key[1],
                aws_session_token=key[2],
                config=Config(retries={"total_max_attempts": attempts}),
            )
            try:
                return getattr(client, operation)(**arguments)
            finally:
                client.close()

        return await asyncio.to_thread(call)
