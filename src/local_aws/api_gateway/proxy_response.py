"""The response of a function, validated against the contract of Lambda proxy integrations.

The contract is strict about the form, even if the response is not used: if a handler returns an unknown key, its client
receives an internal server error although the handler ran to its end.
"""

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_KEYS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})


class MalformedResponse(Exception):
    """A response does not follow the contract; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyResponse:
    """A well-formed response."""

    status: int
    headers: Mapping[str, str]
    """Names are in lower case; a header with several values has the last one."""
    body: str

    @property
    def accepts(self) -> bool:
        """True if this response accepts a handshake."""
        return 200 <= self.status <= 299


def parse(answer: bytes) -> ProxyResponse:
    """Parse the JSON document that a function returned.

    Raises:
        MalformedResponse: It is not a proxy response.

    """
    try:
        document = json.loads(answer)
    except (ValueError, RecursionError) as exc:
        raise MalformedResponse("the answer is not JSON") from exc
    if not isinstance(document, dict):
        raise MalformedResponse(f"the answer is {_kind(document)}, not an object with a statusCode")
    if unknown := document.keys() - _KEYS:
        raise MalformedResponse(f"the answer has keys that are not allowed: {', '.join(sorted(unknown))}")
    return ProxyResponse(status=_status(document), headers=_headers(document), body=_body(document))


def _status(document: dict[str, Any]) -> int:
    if "statusCode" not in document:
        raise MalformedResponse("the answer has no statusCode")
    status = document["statusCode"]
    if isinstance(status, str) and status.isascii() and status.isdigit():
        status = int(status[:4])
    # A handler must not send 1xx, and 101 in particular: only the gateway upgrades the connection.
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        raise MalformedResponse(f"statusCode is {json.dumps(document['statusCode'])}, not a final HTTP status")
    return status


def _headers(document: dict[str, Any]) -> dict[str, str]:
    single, multi = (_map(document.get(key)) for key in ("headers", "multiValueHeaders"))
    if not all(isinstance(values, list) for values in multi.values()):
        raise MalformedResponse("every value in multiValueHeaders is a list")
    lasting = {name: values[-1] for name, values in multi.items() if values}
    return {name.lower(): _header_value(name, value) for name, value in {**single, **lasting}.items()}


def _map(value: Any) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise MalformedResponse("headers and multiValueHeaders are objects")
    return value or {}


def _header_value(name: str, value: Any) -> str:
    if isinstance(value, str) and not {"\r", "\n", "\0"} & set(value):
        return value
    if isinstance(value, int | float):
        return json.dumps(value)
    raise MalformedResponse(f"header {name} is not one line of text")


def _body(document: dict[str, Any]) -> str:
    body, encoded = document.get("body"), document.get("isBase64Encoded")
    if body is not None and not isinstance(body, str):
        raise MalformedResponse(f"body is {_kind(body)}, not text")
    if encoded is not None and not isinstance(encoded, bool):
        raise MalformedResponse(f"isBase64Encoded is {_kind(encoded)}, not true or false")
    if not body or not encoded:
        return body or ""
    try:
        return b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise MalformedResponse("body is not UTF-8 in base64, although isBase64Encoded is true") from exc


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return names.get(type(value), "a number")
