"""Invokes the functions for what happens on a connection, and sends their responses and failures to the client."""

import time
from collections.abc import Callable

from local_aws.api_gateway.admission import Admitted
from local_aws.api_gateway.answers import (
    BAD_REQUEST_BODY,
    FORBIDDEN,
    TOO_MANY_REQUESTS,
    error_document,
    invalid_document,
)
from local_aws.api_gateway.connection import CloseEvent, Connection
from local_aws.api_gateway.events import (
    ClientInfo,
    Event,
    Handshake,
    RequestInfo,
    connect_event,
    disconnect_event,
    message_event,
)
from local_aws.api_gateway.ids import new_id
from local_aws.api_gateway.integration import IntegrationFailure, call
from local_aws.api_gateway.mock import Mock
from local_aws.api_gateway.proxy_response import ProxyResponse
from local_aws.api_gateway.request_models import RequestModels
from local_aws.api_gateway.selection import RouteSelector
from local_aws.api_gateway.throttling import Throttle
from local_aws.config import ApiConfig, IntegrationConfig, MockConfig, RouteConfig
from local_aws.invoker import Invoker

_NO_FUNCTION = ProxyResponse(status=200, headers={}, body="")


def now() -> RequestInfo:
    """Return the id and the time of a new request."""
    return RequestInfo(request_id=new_id(), epoch_ms=int(time.time() * 1000))


class Dispatcher:
    """Runs the routes of one API."""

    def __init__(
        self,
        *,
        api: ApiConfig,
        invoker: Invoker,
        throttle: Throttle,
        log: Callable[[str], None],
        empty_replies: bool = True,
    ) -> None:
        """Prepare the routes of an API.

        Raises:
            ValueError: The route selection expression or the models of a route are not valid.

        """
        self._api = api
        self._invoker = invoker
        self._throttle = throttle
        self._log = log
        self._empty_replies = empty_replies
        self._selector = RouteSelector(api.route_selection_expression, api.routes)
        with_models = (each for each in api.routes.values() if each.model_selection_expression)
        self._unserved = {each.key: each.unserved for each in api.routes.values() if each.unserved}
        mocks = {each.key: self._mock(each, each.mock) for each in api.routes.values() if each.mock}
        self._mocks = {key: mock for key, mock in mocks.items() if mock is not None}
        self._models = {each.key: RequestModels(each) for each in with_models}

    async def connect(self, admitted: Admitted, handshake: Handshake) -> ProxyResponse:
        """Run `$connect`; without that route, or without an integration, every client may connect.

        Raises:
            IntegrationFailure: The integration failed; this has been logged.

        """
        route = self._api.routes.get("$connect")
        if route is None or not (route.integration or route.mock or route.unserved):
            return _NO_FUNCTION
        event = connect_event(self._api, admitted.client, handshake, authorizer_ms=admitted.authorizer_ms)
        try:
            return await self._answer(route, event)
        except IntegrationFailure as exc:
            self._failed("$connect", admitted.client, exc)
            raise

    async def run_route(self, connection: Connection, text: str) -> None:
        """Run the route of a message; send the client the response or the error."""
        client, request_info = connection.client, now()
        key = self._selector.route_key(text)
        route = self._api.routes[key] if key is not None else None
        if route is None:
            self._send_error(connection, request_info, FORBIDDEN)
            return
        if not self._throttle.admits(route.key):
            self._send_error(connection, request_info, TOO_MANY_REQUESTS)
            return
        message_id = new_id()
        if not self._is_valid(connection, route, message_id, text):
            return
        event = message_event(self._api, client, request_info, route_key=route.key, message_id=message_id, body=text)
        try:
            answer = await self._answer(route, event)
        except IntegrationFailure as exc:
            self._failed(route.key, client, exc)
            self._send_error(connection, request_info, exc.message)
        else:
            self._reply(connection, route, answer)

    async def disconnect(self, client: ClientInfo, close_event: CloseEvent) -> None:
        """Run `$disconnect`; its response is not used, and a failure is logged."""
        route = self._api.routes.get("$disconnect")
        if route is None or route.integration is None:
            return
        event = disconnect_event(self._api, client, now(), code=close_event.code, reason=close_event.reason)
        try:
            await self._call(route, route.integration, event)
        except IntegrationFailure as exc:
            self._failed("$disconnect", client, exc)

    async def _answer(self, route: RouteConfig, event: Event) -> ProxyResponse:
        """Return the response of the route's integration to an event.

        Raises:
            IntegrationFailure: The integration failed, or cannot be run here.

        """
        if (mock := self._mocks.get(route.key)) is not None:
            # A response expression has no effect on `$connect`.
            return mock.answer(event, two_way=route.returns_response and route.key != "$connect")
        if route.integration is None:
            reason = self._unserved.get(route.key)
            raise IntegrationFailure(
                f"{reason}, not run here" if reason else "the route has no integration", status=500
            )
        return await self._call(route, route.integration, event)

    def _mock(self, route: RouteConfig, config: MockConfig) -> Mock | None:
        """Return the route's mock; None, with a log line, if it cannot be run here, so that its events fail."""
        try:
            return Mock(config)
        except ValueError as exc:
            self._unserved[route.key] = "an integration of type MOCK"
            self._log(f"Not emulated: the mock of the route {route.key}, which fails: {exc}")
            return None

    async def _call(self, route: RouteConfig, integration: IntegrationConfig, event: Event) -> ProxyResponse:
        source_arn = self._api.arn(f"{self._api.stage}/{route.key}")
        return await call(self._invoker, integration, event, source_arn=source_arn)

    def _is_valid(self, connection: Connection, route: RouteConfig, message_id: str, text: str) -> bool:
        """Validate a message against its route's models; if it is not valid, tell the client and write a log line."""
        models, identity = self._models.get(route.key), connection.client.connection_id
        fault = models.fault(text) if models is not None else None
        if fault is None:
            return True
        self._log(f"{route.key} {identity}: {BAD_REQUEST_BODY}: {' '.join(fault.split())}")
        self._send(connection, invalid_document(connection_id=identity, message_id=message_id))
        return False

    def _reply(self, connection: Connection, route: RouteConfig, answer: ProxyResponse) -> None:
        """Send the body of a two-way route, whatever its status; drop that of a one-way route."""
        if route.returns_response and (answer.body or self._empty_replies):
            self._send(connection, answer.body.encode("utf-8", "replace"))

    def _send_error(self, connection: Connection, request_info: RequestInfo, message: str) -> None:
        identity = connection.client.connection_id
        self._send(connection, error_document(message, connection_id=identity, request_id=request_info.request_id))

    def _send(self, connection: Connection, payload: bytes) -> None:
        if not connection.send(payload) and connection.is_open:
            self._log(f"{connection.client.connection_id}: reads too slowly, {len(payload)} bytes dropped")

    def _failed(self, route_key: str, client: ClientInfo, failure: IntegrationFailure) -> None:
        if not failure.logged:
            detail = " ".join(str(failure).split())
            self._log(f"{route_key} {client.connection_id}: {detail}")
