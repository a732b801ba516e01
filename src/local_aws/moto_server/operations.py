"""Derives the operation of a request to an AWS service from botocore's service descriptions."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

# Imported in the process of the embedded AWS alone, where moto imports it anyway.
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

_CBOR_PATH = re.compile(r"/service/[^/]+/operation/(\w+)")
_PARAMETER = re.compile(r"\{(\w+)(\+?)\}")
_SAME_SIGNING_NAME = {
    "apigateway": ("apigatewayv2", "apigateway"),
    "ses": ("sesv2", "ses"),
    "states": ("stepfunctions",),
}
"""Signing names that differ from the service's name in botocore, or that several services share."""


class Operation(NamedTuple):
    """The operation of a request."""

    name: str
    parameters: Mapping[str, Any]


class _Route(NamedTuple):
    method: str
    path: re.Pattern[str]
    query: frozenset[str]
    """The query parameters that are part of the operation's URI."""
    name: str
    headers: Mapping[str, str]
    """The parameters in headers, by the header's name in lower case."""


def read(
    service: str, *, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> Operation | None:
    """Return the operation of a request, or None if it is unknown.

    Args:
        service: The signing name.
        method: The HTTP method.
        path: The decoded path.
        query: The query string, not decoded.
        headers: The headers, with names in lower case.
        body: The body.

    """
    if target := headers.get("x-amz-target"):
        return Operation(target.rpartition(".")[2], _json(body))
    if found := _CBOR_PATH.fullmatch(path):
        return Operation(found[1], {})
    asked = dict(parse_qsl(query, keep_blank_values=True))
    if "x-www-form-urlencoded" in headers.get("content-type", ""):
        asked |= dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if action := asked.get("Action"):
        return Operation(action, asked)
    for route in _routes(service):
        found = route.path.fullmatch(path) if route.method == method and route.query <= asked.keys() else None
        if found:
            named = {name: headers[header] for name, header in route.headers.items() if header in headers}
            content = _json(body) if "json" in headers.get("content-type", "json") else {}
            return Operation(route.name, {**content, **asked, **named, **found.groupdict()})
    return None


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body) if body else {}
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    """Return the operations of a REST service, the most specific ones first."""
    found = [route for name in _SAME_SIGNING_NAME.get(service, (service,)) for route in _of_service(name)]
    return tuple(sorted(found, key=lambda each: (-len(each.query), each.path.groups, -len(each.path.pattern))))


def _of_service(service: str) -> Iterator[_Route]:
    try:
        model = Loader().load_service_model(service, "service-2")
    except UnknownServiceError:
        return
    for name, operation in model["operations"].items():
        path, _, static = operation["http"]["requestUri"].partition("?")
        members = _input(model, operation)
        query = {part.partition("=")[0] for part in static.split("&") if part}
        required = _input_shape(model, operation).get("required", ())
        query |= {members[each]["locationName"] for each in required if members[each].get("location") == "querystring"}
        headers = {
            each: shape["locationName"].lower() for each, shape in members.items() if shape.get("location") == "header"
        }
        yield _Route(operation["http"]["method"], _pattern(path), frozenset(query), name, headers)


def _input_shape(model: Mapping[str, Any], operation: Mapping[str, Any]) -> Mapping[str, Any]:
    shape: Mapping[str, Any] = model["shapes"][operation["input"]["shape"]] if "input" in operation else {}
    return shape


def _input(model: Mapping[str, Any], operation: Mapping[str, Any]) -> Mapping[str, Any]:
    members: Mapping[str, Any] = _input_shape(model, operation).get("members", {})
    return members


def _pattern(uri: str) -> re.Pattern[str]:
    parts = _PARAMETER.split(uri.rstrip("/"))
    texts = [re.escape(part) for part in parts[::3]]
    names = [
        f"(?P<{name}>{'.+' if greedy else '[^/]+'})" for name, greedy in zip(parts[1::3], parts[2::3], strict=True)
    ]
    both = [part for pair in zip(texts, [*names, ""], strict=True) for part in pair]
    return re.compile(f"{''.join(both)}/?", re.DOTALL)
