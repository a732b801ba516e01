"""The emulator: starts its parts in order, and stops them in reverse order."""

import asyncio
import errno
import os
import socket
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

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
from local_aws.schedules.rules import ScheduleRunner
from local_aws.sqs.event_source_mapping import QueuePoller
from local_aws.tls_proxy import Authority, Interceptor

Log = Callable[[str], None]
Deployer = Callable[[Options, str], Awaitable[Deployment]]
"""Deploys the template; takes the options and the endpoint of the embedded AWS."""
Sockets = Sequence[tuple[ApiConfig, socket.socket]]
"""The bound socket of each API."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The URLs of a running emulator."""

    apis: Mapping[str, str]
    """The WebSocket URL of each API, by its name, or by `name/stage` if it has several stages."""
    aws: str
    """The endpoint of the embedded AWS, for the AWS CLI and SDKs."""


class Emulator:
    """An embedded AWS with a deployed template, its functions, and a gateway for each API."""

    def __init__(
        self, options: Options, log: Log, *, trace: Trace | None = None, deployer: Deployer | None = None
    ) -> None:
        """Start nothing yet. `deployer` deploys the template instead of `cloudformation.deploy`."""
        self._options = options
        self._deploy = deployer or _deploy
        self._log = log
        self._trace = trace
        self._running = AsyncExitStack()
        self._debuggers: Mapping[str, Debugger] = {}
        """The debuggers, by the function's ARN."""
        self._aws: EmbeddedAws | None = None
        self._served: Sequence[FunctionConfig] = ()
        self._account = AccountThrottle()
        """One for all APIs, because the quotas belong to the account."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._running.aclose()

    async def start(self) -> Addresses:
        """Start everything.

        Raises:
            TemplateError: the template cannot be deployed.
            EmbeddedAwsFailed: the embedded AWS did not start, or ended.
            PortTaken: the requested port is not free.
            UsageError: the requested debugger is not available.

        """
        self._aws = aws = EmbeddedAws(log=self._log, origins=self._options.allow_aws_origins)
        self._running.push_async_callback(aws.stop)
        await aws.start()
        deployment, interceptor = await asyncio.gather(
            self._deploy(self._options, aws.endpoint),
            self._intercept(),
        )
        identities = Identities.of(deployment)
        for notice in (*deployment.notices, *identities.notices):
            self._log(notice)
        await self._copy_tables(deployment, aws)
        enforcement = Enforcement(
            aws, deployment, identities, dynamodb_endpoint=self._options.dynamodb_endpoint, log=self._log
        )
        await enforcement.start()
        self._beside(enforcement.run())
        self._debuggers = debugging.debuggers(self._options, deployment.functions)
        # Before the functions: the URLs of the APIs are in their environment.
        sockets = self._bind(deployment.apis)
        functions = self._functions(deployment, identities, interceptor, aws.endpoint, sockets)
        invoker = self._trace.invoker(functions, deployment.functions) if self._trace else functions
        for api, sock in sockets:
            await self._serve(api, sock, invoker, identities)
            interceptor.lead(api.domain_name, _port(sock))
        self._poll_queues(deployment, identities, aws, invoker)
        for schedule in deployment.schedules:
            self._beside(ScheduleRunner(schedule, invoker=invoker, log=self._log).run())
        self._served = deployment.functions
        if self._options.reload:
            self._beside(self._reloader(deployment, functions).run())
        self._beside(functions.warm())
        urls = (f"ws://127.0.0.1:{_port(sock)}/{api.stage}" for api, sock in sockets)
        return Addresses(apis=dict(zip(_names(deployment.apis), urls, strict=True)), aws=aws.endpoint)

    async def run(self) -> None:
        """Run until cancelled.

        Raises:
            EmbeddedAwsFailed: the embedded AWS has ended, and nothing works without it.

        """
        assert self._aws is not None  # noqa: S101 - it was started
        raise await self._aws.failure()

    async def _intercept(self) -> Interceptor:
        """Start the proxy that leads requests for the APIs' AWS addresses to this machine."""
        folder = Path(self._running.enter_context(tempfile.TemporaryDirectory(prefix="local-aws-")))
        authority = await asyncio.to_thread(Authority, folder)
        interceptor = await Interceptor(authority=authority, log=self._log, environment=os.environ).start()
        self._running.push_async_callback(interceptor.stop)
        return interceptor

    async def _copy_tables(self, deployment: Deployment, aws: EmbeddedAws) -> None:
        target = self._options.dynamodb_endpoint
        if target is not None:
            created = await create_tables(deployment.tables, source=aws.endpoint, target=target)
            self._running.push_async_callback(self._delete_tables, created, target)

    async def _delete_tables(self, tables: Sequence[Table], endpoint: str) -> None:
        try:
            await delete_tables(tables, endpoint=endpoint)
        except EmbeddedAwsFailed as exc:
            self._log(f"Tables may be left: {exc}")

    def _bind(self, apis: Sequence[ApiConfig]) -> Sockets:
        """Return a bound socket for each API. The first one has the port that was asked for.

        Raises:
            PortTaken: that port is not free.

        """
        sockets = []
        for api in apis:
            port = self._options.port if api is apis[0] else 0
            with port_taken(port, "--port"):
                sock = socket.create_server(("127.0.0.1", port))
            self._running.callback(sock.close)
            sockets.append((api, sock))
        return sockets

    def _functions(
        self,
        deployment: Deployment,
        identities: Identities,
        interceptor: Interceptor,
        aws_endpoint: str,
        sockets: Sockets,
    ) -> Functions:
        common = dict(self._options.environment) | interceptor.variables() | {"AWS_ENDPOINT_URL": aws_endpoint}
        management = _management_urls(deployment.functions, sockets)
        extra = {
            each.arn: common
            | identities.variables(each)
            | {"AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": management[each.arn]}
            for each in deployment.functions
        }
        functions = Functions(
            configs=deployment.functions,
            extra_variables=extra,
            log=self._log,
            permits=identities.invoke_permits,
            debuggers=self._debuggers,
        )
        self._running.push_async_callback(functions.stop)
        return functions

    def tell(self) -> None:
        """Log how the functions differ from what their template says.

        Apart from `start`, so that the refusal of a port is the only line in the log.
        """
        if notice := runtime_notice(self._served):
            self._log(notice)
        debugging.announce(self._debuggers, self._served, self._log)

    def _reloader(self, deployment: Deployment, functions: Functions) -> Reloader:
        code = {function.code for function in deployment.functions}
        return Reloader(
            functions=functions,
            code=code,
            shared=self._options.function_files,
            read_once=deployment.read_once,
            log=self._log,
        )

    async def _serve(self, api: ApiConfig, sock: socket.socket, invoker: Invoker, identities: Identities) -> None:
        try:
            gateway = Gateway(
                api=debugging.without_timeouts(api, self._debuggers),
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
            # An expression or a model's schema is wrong.
            raise TemplateError(api.name, str(exc)) from exc
        await gateway.start(sock)
        self._running.push_async_callback(gateway.stop)

    def _visitors(self) -> Visitors:
        return Visitors.of(hosts=self._options.allow_hosts, origins=self._options.allow_origins)

    def _poll_queues(self, deployment: Deployment, identities: Identities, aws: EmbeddedAws, invoker: Invoker) -> None:
        for config in deployment.queues:
            # Lambda reads a queue with the permissions of the function's role.
            whose = partial(Credentials, *identities.key(config.function_arn))
            client = sqs_client(region=self._options.region, credentials=whose, url=aws.endpoint)
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
    """Return a unique name for each stage of each API. Two APIs may have the same name."""
    for forms in ("{0.name}", "{0.name}/{0.stage}"):
        names = [forms.format(api) for api in apis]
        if len(set(names)) == len(names):
            return names
    return [f"{api.name}/{api.stage} of {api.id}" for api in apis]


def _port(sock: socket.socket) -> int:
    port: int = sock.getsockname()[1]
    return port


def _management_urls(functions: Sequence[FunctionConfig], sockets: Sockets) -> dict[str, str]:
    """Return the management API that each function posts to, by the function's ARN.

    It is that of the first API with a route to the function. Without such a route, it is that of the first API whose id
    is in the function's environment, and otherwise that of the first API.
    """
    urls = {api.id: f"http://127.0.0.1:{_port(sock)}/{api.stage}" for api, sock in sockets}
    by_route: dict[str, str] = {}
    for api, _ in sockets:
        for route in api.routes.values():
            if route.integration is not None:
                by_route.setdefault(unqualified(route.integration.function_arn), urls[api.id])
    found = {}
    for function in functions:
        variables = " ".join(function.environment.values())
        named = (url for api_id, url in urls.items() if api_id in variables)
        found[function.arn] = by_route.get(function.arn) or next(named, next(iter(urls.values())))
    return found


@contextmanager
def port_taken(port: int, option: str) -> Iterator[None]:
    """Raise `PortTaken` if the block cannot bind `port`, which `option` chose."""
    try:
        yield
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise PortTaken(port, option) from exc
        raise
