"""What a function answered, judged by the contract of Lambda proxy integrations: pure.

The contract is strict about form, even where nothing of the answer is used: a message's handler that returns one key
too many has its client told of an internal server error, although it ran to its end.
"""

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_KEYS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})


class MalformedResponse(Exception):
    """The answer is not a proxy response; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyResponse:
    """A well-formed answer."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; of a header with several values, the last."""
    body: str

    @property
    def accepts(self) -> bool:
        """True where a handshake with this answer goes on."""
        return 200 <= self.status <= 299


def parse(answer: bytes) -> ProxyResponse:
    """Read the JSON document that a function answered.

    Raises:
        MalformedResponse: It is no proxy response.

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
    # 1xx is none of a handler's business, 101 least of all: the gateway alone upgrades.
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
