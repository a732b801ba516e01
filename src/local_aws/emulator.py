"""The parts of the emulator put together: started in the order of their needs, stopped in the reverse one."""

import asyncio
import errno
import os
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from aws_client import Credentials, sqs_client
from local_aws.api_gateway import AccountThrottle, Gateway
from local_aws.cloudformation import deploy
from local_aws.config import ApiConfig, Deployment, FunctionConfig, Table, unqualified
from local_aws.dev import debugging
from local_aws.dev.reload import Reloader
from local_aws.dev.trace import Trace
from local_aws.dynamodb.tables import create_tables, delete_tables
from local_aws.embedded_aws import EmbeddedAws
from local_aws.embedded_aws.enforcement import Enforcement
from local_aws.errors import EmbeddedAwsFailed, TemplateError
from local_aws.http_server import Visitors
from local_aws.iam.identities import Identities
from local_aws.invoker import Invoker
from local_aws.lambda_ import Debugger, Functions
from local_aws.lambda_.runtimes import runtime_notice
from local_aws.options import Options, PortTaken
from local_aws.sqs.event_source_mapping import QueuePoller
from local_aws.tls_proxy import Authority, Interceptor

T = TypeVar("T")
Log = Callable[[str], None]
Deployer = Callable[[Options, str], Awaitable[Deployment]]
"""Takes what was asked for and the embedded cloud's endpoint."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where everything is."""

    apis: Mapping[str, str]
    """The WebSocket URL of each API, by the API's name; of one with several stages, by `name/stage`."""
    aws: str
    """The embedded cloud's endpoint, for the AWS CLI and SDKs."""


class Emulator:
    """An embedded cloud with the template deployed to it, its functions, and a gateway for each API."""

    def __init__(
        self, options: Options, log: Log, *, trace: Trace | None = None, deployer: Deployer | None = None
    ) -> None:
        """Make a stack; `deployer` puts the template into the embedded cloud in another way than `cloud.deploy`."""
        self._options = options
        self._deploy = deployer or _deploy
        self._log = log
        self._trace = trace
        self._running = AsyncExitStack()
        self._debuggers: Mapping[str, Debugger] = {}
        """Those of the functions that have one, by ARN."""
        self._cloud: EmbeddedAws | None = None
        self._account = AccountThrottle()
        """One for all the APIs: the quotas are the account's."""
        self._management: dict[str, str] = {}
        """The management API's URL for each function's ARN, and for each API's id."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._running.aclose()

    async def start(self) -> Addresses:
        """Start everything.

        Raises:
            TemplateError: the template cannot be deployed.
            EmbeddedAwsFailed: the embedded cloud did not start, or ended.
            PortTaken: a port that was asked for is not free.
            UsageError: the debugger that was asked for cannot be had.

        """
        self._cloud = cloud = EmbeddedAws(log=self._log, origins=self._options.allow_aws_origins)
        self._running.push_async_callback(cloud.stop)
        await cloud.start()
        deployment, interceptor = await asyncio.gather(
            self._deploy(self._options, cloud.endpoint),
            self._intercept(),
        )
        identities = Identities.of(deployment)
        for notice in (*deployment.notices, *identities.notices):
            self._log(notice)
        await self._copy_tables(deployment, cloud)
        enforcement = Enforcement(
            cloud, deployment, identities, dynamodb_endpoint=self._options.dynamodb_endpoint, log=self._log
        )
        await enforcement.start()
        self._beside(enforcement.run())
        self._debuggers = debugging.debuggers(self._options, deployment.functions)
        functions = self._functions(deployment, identities, cloud, interceptor)
        invoker = self._trace.invoker(functions, deployment.functions) if self._trace else functions
        first = deployment.apis[0]
        apis = {
            name: await self._serve(api, invoker, identities, is_first=api is first)
            for name, api in zip(_names(deployment.apis), deployment.apis, strict=True)
        }
        for api, url in zip(deployment.apis, apis.values(), strict=True):
            interceptor.lead(api.domain_name, urlsplit(url).port or 0)
        self._poll_queues(deployment, identities, cloud, invoker)
        # Only now that nothing can be refused any more, for a refusal is one line.
        self._tell_of(deployment.functions)
        if self._options.reload:
            self._beside(self._reloader(deployment, functions).run())
        self._beside(functions.warm())
        return Addresses(apis=apis, aws=cloud.endpoint)

    async def run(self) -> None:
        """Go on until cancelled.

        Raises:
            EmbeddedAwsFailed: the embedded cloud has ended, without which nothing works.

        """
        assert self._cloud is not None  # noqa: S101 - it was started
        raise await self._cloud.failure()

    async def _intercept(self) -> Interceptor:
        """Start the proxy that keeps requests to the APIs' own addresses here."""
        folder = Path(self._running.enter_context(tempfile.TemporaryDirectory(prefix="local-aws-")))
        authority = await asyncio.to_thread(Authority, folder)
        interceptor = await Interceptor(authority=authority, log=self._log, environment=os.environ).start()
        self._running.push_async_callback(interceptor.stop)
        return interceptor

    async def _copy_tables(self, deployment: Deployment, cloud: EmbeddedAws) -> None:
        target = self._options.dynamodb_endpoint
        if target is not None:
            created = await create_tables(deployment.tables, source=cloud.endpoint, target=target)
            self._running.push_async_callback(self._delete_tables, created, target)

    async def _delete_tables(self, tables: Sequence[Table], endpoint: str) -> None:
        try:
            await delete_tables(tables, endpoint=endpoint)
        except EmbeddedAwsFailed as exc:
            self._log(f"Tables may be left: {exc}")

    def _functions(
        self, deployment: Deployment, identities: Identities, cloud: EmbeddedAws, interceptor: Interceptor
    ) -> Functions:
        common = interceptor.variables() | {"AWS_ENDPOINT_URL": cloud.endpoint}

        def environment(config: FunctionConfig) -> Mapping[str, str]:
            management = self._management_url(config)
            return common | identities.variables(config) | {"AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": management}

        functions = Functions(
            configs=deployment.functions,
            extra_environment=environment,
            log=self._log,
            permits=identities.invoke_permits,
            debuggers=self._debuggers,
        )
        self._running.push_async_callback(functions.stop)
        return functions

    def _management_url(self, function: FunctionConfig) -> str:
        """Return where the function posts to: the API that has a route to it, or else the one that it is told of."""
        if function.arn in self._management:
            return self._management[function.arn]
        told = " ".join(function.environment.values())
        return next(
            (url for api, url in self._management.items() if api in told), next(iter(self._management.values()))
        )

    def _tell_of(self, functions: Sequence[FunctionConfig]) -> None:
        """Log what is different for the functions from what their template says."""
        if notice := runtime_notice(functions):
            self._log(notice)
        debugging.announce(self._debuggers, functions, self._log)

    def _reloader(self, deployment: Deployment, functions: Functions) -> Reloader:
        code = {function.code for function in deployment.functions}
        return Reloader(functions=functions, code=code, read_once=deployment.read_once, log=self._log)

    async def _serve(self, api: ApiConfig, invoker: Invoker, identities: Identities, *, is_first: bool) -> str:
        try:
            gateway = Gateway(
                api=debugging.patient(api, self._debuggers),
                invoker=invoker,
                log=self._log,
                idle_seconds=self._options.idle_seconds,
                lifetime_seconds=self._options.lifetime_seconds,
                credentials=identities.credentials,
                permits=identities.permits,
                account=self._account,
                on_management=self._trace.management if self._trace else None,
                visitors=self._visitors(),
                pages=Visitors.of(origins=self._options.allow_aws_origins),
            )
        except ValueError as exc:
            # One of its expressions, or of the schemas of its models.
            raise TemplateError(api.name, str(exc)) from exc
        port = self._options.port if is_first else 0
        port = await listening(gateway.start(port), port, "--port")
        self._running.push_async_callback(gateway.stop)
        self._management[api.id] = f"http://127.0.0.1:{port}/{api.stage}"
        for route in api.routes.values():
            if route.integration is not None:
                function = unqualified(route.integration.function_arn)
                self._management.setdefault(function, f"http://127.0.0.1:{port}/{api.stage}")
        return f"ws://127.0.0.1:{port}/{api.stage}"

    def _visitors(self) -> Visitors:
        return Visitors.of(hosts=self._options.allow_hosts, origins=self._options.allow_origins)

    def _poll_queues(
        self, deployment: Deployment, identities: Identities, cloud: EmbeddedAws, invoker: Invoker
    ) -> None:
        for config in deployment.queues:
            # Lambda reads a queue in the name of the function's role.
            whose = partial(Credentials, *identities.key(config.function_arn))
            client = sqs_client(region=self._options.region, credentials=whose, url=cloud.endpoint)
            self._running.callback(client.close)
            self._beside(QueuePoller(config, client=client, invoker=invoker, log=self._log).run())

    def _beside(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)

        async def stop() -> None:
            task.cancel()
            await asyncio.wait([task])

        self._running.push_async_callback(stop)


async def _deploy(options: Options, endpoint: str) -> Deployment:
    return await deploy(
        template=options.template,
        parameters=options.parameters,
        endpoint=endpoint,
        region=options.region,
        stack_name=options.stack_name,
    )


def _names(apis: Sequence[ApiConfig]) -> list[str]:
    """Return a name for each stage of each API: no two APIs need differ in theirs."""
    for forms in ("{0.name}", "{0.name}/{0.stage}"):
        names = [forms.format(api) for api in apis]
        if len(set(names)) == len(names):
            return names
    return [f"{api.name}/{api.stage} of {api.id}" for api in apis]


async def listening(start: Coroutine[Any, Any, T], port: int, option: str) -> T:
    """Return what `start` returns.

    Raises:
        PortTaken: `port`, which `option` chose, is not free.

    """
    try:
        return await start
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise PortTaken(port, option) from exc
        raise
