"""The parts of the local stack put together: started in the order of their needs, stopped in the reverse one."""

import asyncio
import errno
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from entrypoints.local.access import Credential
from entrypoints.local.cloud import (
    CloudFailed,
    Deployment,
    EmbeddedCloud,
    Table,
    TemplateError,
    create_tables,
    delete_tables,
    deploy,
)
from entrypoints.local.cloud.clients import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from entrypoints.local.functions import Functions
from entrypoints.local.gateway import AccountThrottle, Gateway
from entrypoints.local.model import ApiConfig, FunctionConfig
from entrypoints.local.options import DEFAULT_PAGE_PORT, PAGE_FOLDER, Options
from entrypoints.local.page import Page

T = TypeVar("T")
Log = Callable[[str], None]

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    "AWS_SESSION_TOKEN": "local",
}
"""What functions are given: never the developer's own."""

FUNCTION_CREDENTIAL = {
    ACCESS_KEY_ID: Credential(secret_access_key=SECRET_ACCESS_KEY, session_token=CREDENTIALS["AWS_SESSION_TOKEN"])
}
"""The same for the gateway, which holds the functions' signatures against it."""


class PortTaken(Exception):
    """Something listens there already."""

    def __init__(self, port: int, option: str) -> None:
        super().__init__(f"Port {port} is taken; choose another with {option} (0 takes any free one).")


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where everything is."""

    apis: Mapping[str, str]
    """The WebSocket URL of each API, by the API's name; of one with several stages, by `name/stage`."""
    page: str | None
    aws: str
    """The embedded cloud's endpoint, for the AWS CLI and SDKs."""


class LocalStack:
    """An embedded cloud with the template deployed to it, its functions, a gateway for each API, and the page."""

    def __init__(self, options: Options, log: Log) -> None:
        self._options = options
        self._log = log
        self._running = AsyncExitStack()
        self._account = AccountThrottle()
        """One for all the APIs: the quotas are the account's."""
        self._management: dict[str, str] = {}
        """The management API's URL for each function's ARN; a function of no route is given the first API's."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._running.aclose()

    async def start(self) -> Addresses:
        """Start everything.

        Raises:
            TemplateError: the template cannot be deployed.
            CloudFailed: the embedded cloud did not start, or ended.
            PortTaken: a port that was asked for is not free.

        """
        cloud = EmbeddedCloud(log=self._log)
        self._running.push_async_callback(cloud.stop)
        await cloud.start()
        deployment = await deploy(
            template=self._options.template,
            parameters=self._options.parameters,
            endpoint=cloud.endpoint,
            region=self._options.region,
        )
        for notice in deployment.notices:
            self._log(notice)
        await self._copy_tables(deployment, cloud)
        functions = self._functions(deployment, cloud)
        first = deployment.apis[0]
        apis = {
            name: await self._serve(api, functions, is_first=api is first)
            for name, api in zip(_names(deployment.apis), deployment.apis, strict=True)
        }
        page = await self._serve_page(next(iter(apis.values())))
        self._beside(functions.warm())
        return Addresses(apis=apis, page=page, aws=cloud.endpoint)

    async def _copy_tables(self, deployment: Deployment, cloud: EmbeddedCloud) -> None:
        target = self._options.dynamodb_endpoint
        if target is not None:
            created = await create_tables(deployment.tables, source=cloud.endpoint, target=target)
            self._running.push_async_callback(self._delete_tables, created, target)

    async def _delete_tables(self, tables: Sequence[Table], endpoint: str) -> None:
        try:
            await delete_tables(tables, endpoint=endpoint)
        except CloudFailed as exc:
            self._log(f"Tables may be left: {exc}")

    def _functions(self, deployment: Deployment, cloud: EmbeddedCloud) -> Functions:
        common = CREDENTIALS | {"AWS_ENDPOINT_URL": cloud.endpoint}
        if self._options.dynamodb_endpoint is not None:
            common["AWS_ENDPOINT_URL_DYNAMODB"] = self._options.dynamodb_endpoint

        def environment(config: FunctionConfig) -> Mapping[str, str]:
            management = self._management.get(config.arn) or next(iter(self._management.values()))
            return common | {"AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": management}

        functions = Functions(configs=deployment.functions, extra_environment=environment, log=self._log)
        self._running.push_async_callback(functions.stop)
        return functions

    async def _serve(self, api: ApiConfig, functions: Functions, *, is_first: bool) -> str:
        try:
            gateway = Gateway(
                api=api, invoker=functions, log=self._log, credentials=FUNCTION_CREDENTIAL, account=self._account
            )
        except ValueError as exc:
            # One of its expressions, or of the schemas of its models.
            raise TemplateError(api.name, str(exc)) from exc
        port = self._options.port if is_first else 0
        port = await _listening(gateway.start(port), port, "--port")
        self._running.push_async_callback(gateway.stop)
        # There may be no route to any function.
        self._management.setdefault("", f"http://127.0.0.1:{port}/{api.stage}")
        for route in api.routes.values():
            if route.integration is not None:
                self._management.setdefault(route.integration.function_arn, f"http://127.0.0.1:{port}/{api.stage}")
        return f"ws://127.0.0.1:{port}/{api.stage}"

    async def _serve_page(self, socket_url: str) -> str | None:
        if not PAGE_FOLDER.is_dir():
            return None
        page = Page(folder=PAGE_FOLDER, socket_url=socket_url)
        port = self._options.page_port
        try:
            wanted = DEFAULT_PAGE_PORT if port is None else port
            server = await _listening(page.serve(port=wanted), wanted, "--page-port")
        except PortTaken:
            if port is not None:
                raise
            server = await page.serve(port=0)
        self._running.callback(server.close)
        return f"http://127.0.0.1:{server.port}/"

    def _beside(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)

        async def stop() -> None:
            task.cancel()
            await asyncio.wait([task])

        self._running.push_async_callback(stop)


def _names(apis: Sequence[ApiConfig]) -> list[str]:
    """Return a name for each stage of each API: no two APIs need differ in theirs."""
    for forms in ("{0.name}", "{0.name}/{0.stage}"):
        names = [forms.format(api) for api in apis]
        if len(set(names)) == len(names):
            return names
    return [f"{api.name}/{api.stage} of {api.id}" for api in apis]


async def _listening(start: Coroutine[Any, Any, T], port: int, option: str) -> T:
    try:
        return await start
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise PortTaken(port, option) from exc
        raise
