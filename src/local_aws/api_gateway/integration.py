"""Invokes the function behind a route; there are three ways in which that can fail."""

import asyncio
import json
import logging

from local_aws.api_gateway.answers import ENDPOINT_TIMED_OUT, INTERNAL_SERVER_ERROR
from local_aws.api_gateway.events import Event
from local_aws.api_gateway.proxy_response import MalformedResponse, ProxyResponse, parse
from local_aws.config import IntegrationConfig
from local_aws.invoker import FunctionError, InvocationRefused, Invoker

_LOGGER = logging.getLogger(__name__)


class IntegrationFailure(Exception):
    """The integration has no usable response. The text gives the reason, for the log only."""

    def __init__(self, detail: str, *, status: int, message: str = INTERNAL_SERVER_ERROR, logged: bool = False) -> None:
        super().__init__(detail)
        self.status = status
        """Of the response to a handshake: 502 if the function failed, 500 if it never ran, 504 if it timed out."""
        self.message = message
        """The message that the client receives."""
        self.logged = logged
        """True if the function's log has the reason already."""


async def call(invoker: Invoker, integration: IntegrationConfig, event: Event, *, source_arn: str) -> ProxyResponse:
    """Invoke the function of an integration and parse its response; `source_arn` is the ARN of the route.

    Raises:
        IntegrationFailure: The function failed, never ran, timed out, or returned a malformed response.

    """
    document = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        async with asyncio.timeout(integration.timeout_ms / 1000):
            arn = integration.function_arn
            answer = await invoker.invoke(function_arn=arn, event=document, source_arn=source_arn)
        return parse(answer)
    except TimeoutError as exc:
        detail = f"no answer within {integration.timeout_ms} ms"
        raise IntegrationFailure(detail, status=504, message=ENDPOINT_TIMED_OUT) from exc
    except FunctionError as exc:
        raise IntegrationFailure(str(exc), status=502, logged=exc.logged) from exc
    except MalformedResponse as exc:
        raise IntegrationFailure(str(exc), status=502) from exc
    except InvocationRefused as exc:
        raise IntegrationFailure(f"not invoked: {exc}", status=500) from exc
    except Exception as exc:
        _LOGGER.exception("the invoker of %s failed", integration.function_arn)
        raise IntegrationFailure(f"not invoked: {exc!r}", status=500) from exc
