"""Mock integrations: the gateway itself responds, from templates.

Sources: Developer Guide, "WebSocket API integration responses" and "WebSocket selection expressions". As for REST APIs,
the request template must return a JSON document with a `statusCode`.
"""

import re
from collections.abc import Mapping
from typing import Any

from local_aws.api_gateway.integration import IntegrationFailure
from local_aws.api_gateway.mapping_template import MappingTemplate
from local_aws.api_gateway.proxy_response import ProxyResponse
from local_aws.api_gateway.selection import DEFAULT, RouteSelector, read_json
from local_aws.config import MockConfig, TemplatesConfig


class Mock:
    """The mock integration of one route."""

    def __init__(self, config: MockConfig) -> None:
        """Compile its templates.

        Raises:
            ValueError: A template or a selection expression cannot be evaluated here.

        """
        self._request = _Templates(config.request)
        responses = {key: _Templates(each) for key, each in config.responses.items()}
        self._default = responses.pop(DEFAULT, None)
        self._responses = [(_pattern(key), each) for key, each in responses.items()]

    def answer(self, event: Mapping[str, Any], *, two_way: bool) -> ProxyResponse:
        """Return the response to an event, without a body if the route is one-way.

        Raises:
            IntegrationFailure: The request template returns no status, or no integration response matches it.

        """
        body = event.get("body", "")
        made = self._request.render(event, selecting=body, source=body)
        status = _status(body if made is None else made)
        if not two_way:
            return ProxyResponse(status=status, headers={}, body="")
        response = self._response(status).render(event, selecting=body, source=made or "")
        return ProxyResponse(status=status, headers={}, body=response or "")

    def _response(self, status: int) -> "_Templates":
        """Return the integration response with a key that matches the status, else that of `$default`."""
        for pattern, templates in self._responses:
            if pattern.fullmatch(str(status)):
                return templates
        if self._default is None:
            raise IntegrationFailure(f"the mock has no integration response for {status}", status=500)
        return self._default


def _pattern(key: str) -> re.Pattern[str]:
    r"""Compile an integration response key: a pattern between slashes, such as `/2\d\d/`, or a status."""
    is_pattern = key.startswith("/") and key.endswith("/")
    try:
        return re.compile(key[1:-1] if is_pattern else re.escape(key))
    except re.error as exc:
        raise ValueError(f"{key} is not an integration response key: {exc}") from exc


class _Templates:
    """Templates by key. An expression selects one; without an expression, it is `$default`."""

    def __init__(self, config: TemplatesConfig) -> None:
        self._selector = RouteSelector(config.selection_expression or rf"\{DEFAULT}", config.templates)
        self._templates = {key: MappingTemplate(text) for key, text in config.templates.items()}

    def render(self, event: Mapping[str, Any], *, selecting: str, source: str) -> str | None:
        """Return what the selected template makes of `source`; None if no template is selected.

        Raises:
            IntegrationFailure: The template uses what is not known here, or does too much.

        """
        key = self._selector.route_key(selecting)
        try:
            return None if key is None else self._templates[key].render(event, source)
        except ValueError as exc:
            raise IntegrationFailure(f"the mock's template {key}: {exc}", status=500) from exc


def _status(document: str) -> int:
    try:
        status = read_json(document)["statusCode"]
    except (ValueError, RecursionError, KeyError, TypeError) as exc:
        raise IntegrationFailure("the mock's request template returns no statusCode", status=500) from exc
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise IntegrationFailure(f"the mock's statusCode is {status!r}, not a final HTTP status", status=500)
    return status
