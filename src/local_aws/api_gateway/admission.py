"""The checks of a handshake before its `$connect` function is invoked.

Their order is: throttling, the API key, then the signature or the authorizer. An API key that the authorizer returns
can only be checked after it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from local_aws.api_gateway.answers import FORBIDDEN, INTERNAL_SERVER_ERROR, TOO_MANY_REQUESTS
from local_aws.api_gateway.authorizer import Authorizer, Grant, NotAuthorized
from local_aws.api_gateway.callers import AccessDenied, Callers
from local_aws.api_gateway.events import ClientInfo, Handshake, authorizer_event
from local_aws.api_gateway.throttling import Throttle
from local_aws.config import ApiConfig, RouteConfig
from local_aws.http_server import Request
from local_aws.invoker import Invoker

_KEY_IN_HEADER = "$request.header.x-api-key"
_KEY_OF_AUTHORIZER = "$context.authorizer.usageIdentifierKey"
_OPEN = RouteConfig(key="$connect", integration=None)


class NotAdmitted(Exception):
    """A handshake is rejected before `$connect`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        """The message that the client receives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A client that passed all checks before `$connect`."""

    client: ClientInfo
    """Includes the context of the authorizer or the identity of the signature."""
    authorizer_ms: int | None = None
    """How long the authorizer took; None if there is none."""


class Admission:
    """Checks the handshakes of one API."""

    def __init__(
        self, *, api: ApiConfig, invoker: Invoker, callers: Callers, throttle: Throttle, log: Callable[[str], None]
    ) -> None:
        """Prepare the checks of an API.

        Raises:
            ValueError: An identity source or the API key selection expression is not valid.

        """
        if api.api_key_selection_expression not in (_KEY_IN_HEADER, _KEY_OF_AUTHORIZER):
            raise ValueError(f"not an API key selection expression: {api.api_key_selection_expression!r}")
        self._api = api
        self._route = api.routes.get("$connect", _OPEN)
        self._callers = callers
        self._throttle = throttle
        self._log = log
        self._key_in_header = api.api_key_selection_expression == _KEY_IN_HEADER
        self._resource = api.arn(f"{api.stage}/$connect")
        config = self._route.authorizer
        self._authorizer = Authorizer(config, api=api, invoker=invoker) if config is not None else None

    async def admit(self, client: ClientInfo, handshake: Handshake, request: Request) -> Admitted:
        """Check a handshake.

        Raises:
            NotAdmitted: It is rejected. If a developer has to fix something, this is logged.

        """
        if not self._throttle.admits_handshake():
            raise NotAdmitted(429, TOO_MANY_REQUESTS)
        if self._key_in_header:
            self._check_key(request.header("x-api-key"))
        admitted, usage_identifier_key = await self._identify(client, handshake, request)
        if not self._key_in_header:
            self._check_key(usage_identifier_key)
        return admitted

    async def _identify(
        self, client: ClientInfo, handshake: Handshake, request: Request
    ) -> tuple[Admitted, str | None]:
        """Return the admitted client, and the API key that the authorizer returned."""
        if self._route.authorization_type == "AWS_IAM":
            return self._signed(client, request), None
        if self._route.authorization_type != "CUSTOM":
            return Admitted(client=client), None
        grant = await self._ask(client, handshake)
        admitted = Admitted(client=replace(client, authorizer=grant.context), authorizer_ms=grant.latency_ms)
        return admitted, grant.usage_identifier_key

    def _signed(self, client: ClientInfo, request: Request) -> Admitted:
        try:
            caller = self._callers.check(request, action="execute-api:Invoke", resource=self._resource)
        except AccessDenied as exc:
            raise NotAdmitted(403, exc.message) from exc
        return Admitted(client=replace(client, caller=self._callers.identity(caller)))

    async def _ask(self, client: ClientInfo, handshake: Handshake) -> Grant:
        if self._authorizer is None:
            self._log(f"$connect {client.connection_id}: the route requires an authorizer and has none")
            raise NotAdmitted(500, INTERNAL_SERVER_ERROR)
        try:
            return await self._authorizer.authorize(authorizer_event(self._api, client, handshake))
        except NotAuthorized as exc:
            self._log(f"authorizer {client.connection_id}: {' '.join(str(exc).split())}")
            raise NotAdmitted(exc.status, exc.message) from exc

    def _check_key(self, key: str | None) -> None:
        if self._route.api_key_required and (not key or key not in self._api.api_keys):
            raise NotAdmitted(403, FORBIDDEN)
