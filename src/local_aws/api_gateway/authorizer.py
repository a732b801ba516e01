"""Lambda authorizers: who may connect, and the context that the functions receive about the client."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.api_gateway.answers import FORBIDDEN, INTERNAL_SERVER_ERROR, UNAUTHORIZED
from local_aws.api_gateway.events import Event
from local_aws.api_gateway.identity_sources import IdentitySources
from local_aws.config import ApiConfig, AuthorizerConfig
from local_aws.iam.authorizer_policies import MalformedPolicy, allows
from local_aws.invoker import FunctionError, InvocationRefused, Invoker

MAX_ANSWER = 8 * 1024
"""Bytes (API Gateway quotas, WebSocket table)."""
TIMEOUT_SECONDS = 29.0
"""The longest that API Gateway waits for any function."""

_LOGGER = logging.getLogger(__name__)


class NotAuthorized(Exception):
    """An authorizer denies a client, or does not work. The text gives the reason, for the log only."""

    def __init__(self, detail: str, *, status: int, message: str) -> None:
        super().__init__(detail)
        self.status = status
        """401 or 403, or 500 if the authorizer itself failed."""
        self.message = message
        """The message that the client receives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The decision of an authorizer that a client may connect."""

    context: Mapping[str, str]
    """The context for the client's events, with `principalId`."""
    usage_identifier_key: str | None
    latency_ms: int


class Authorizer:
    """Invokes the function of one authorizer, once for each connection: WebSocket APIs do not cache results."""

    def __init__(self, config: AuthorizerConfig, *, api: ApiConfig, invoker: Invoker) -> None:
        """Prepare an authorizer from its configuration.

        Raises:
            ValueError: An identity source is not valid.

        """
        self._config = config
        self._sources = IdentitySources(config.identity_sources)
        self._invoker = invoker
        self._source_arn = api.arn(f"authorizers/{config.id}")

    async def authorize(self, event: Event) -> Grant:
        """Decide about a handshake by its `authorizer_event`.

        Raises:
            NotAuthorized: The client may not connect, or the authorizer failed.

        """
        if not self._sources.all_present(event):
            raise NotAuthorized("an identity source is missing or empty", status=401, message=UNAUTHORIZED)
        started = time.monotonic()
        answer = await self._ask(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())
        latency_ms = round((time.monotonic() - started) * 1000)
        try:
            return _grant(answer, method_arn=event["methodArn"], latency_ms=latency_ms)
        except (MalformedPolicy, ValueError, RecursionError) as exc:
            raise _failure(f"the answer is no policy: {exc}") from exc

    async def _ask(self, event: bytes) -> bytes:
        arn = self._config.function_arn
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._invoker.invoke(function_arn=arn, event=event, source_arn=self._source_arn)
        except TimeoutError as exc:
            raise _failure(f"no answer within {TIMEOUT_SECONDS:.0f} s") from exc
        except FunctionError as exc:
            # A function that fails with this word denies the client without a policy.
            if exc.message == UNAUTHORIZED:
                raise NotAuthorized(str(exc), status=401, message=UNAUTHORIZED) from exc
            raise _failure(str(exc)) from exc
        except InvocationRefused as exc:
            raise _failure(f"not invoked: {exc}") from exc
        except Exception as exc:
            _LOGGER.exception("the invoker of %s failed", arn)
            raise _failure(f"not invoked: {exc!r}") from exc


def _failure(detail: str) -> NotAuthorized:
    return NotAuthorized(detail, status=500, message=INTERNAL_SERVER_ERROR)


def _grant(answer: bytes, *, method_arn: str, latency_ms: int) -> Grant:
    if len(answer) > MAX_ANSWER:
        raise MalformedPolicy(f"it has {len(answer)} bytes, and {MAX_ANSWER} are allowed")
    document = json.loads(answer)
    if not isinstance(document, dict):
        raise MalformedPolicy("it is not an object")
    principal, usage = document.get("principalId"), document.get("usageIdentifierKey")
    if not isinstance(principal, str) or not principal:
        raise MalformedPolicy("principalId is missing or not text")
    if usage is not None and not isinstance(usage, str):
        raise MalformedPolicy("usageIdentifierKey is not text")
    context = _context(document.get("context"))
    if not allows(document.get("policyDocument"), action="execute-api:Invoke", resource=method_arn):
        raise NotAuthorized(f"{principal} may not connect", status=403, message=FORBIDDEN)
    return Grant(context={**context, "principalId": principal}, usage_identifier_key=usage, latency_ms=latency_ms)


def _context(context: Any) -> dict[str, str]:
    """Return the values of a context as text, as in mapping templates; omit nulls."""
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise MalformedPolicy("context is not an object")
    if any(isinstance(value, dict | list) for value in context.values()):
        raise MalformedPolicy("context holds an object or a list")
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in context.items()}
    return {name: text for name, text in texts.items() if context[name] is not None}
