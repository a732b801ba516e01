"""Access-denied responses in the protocol of each service, so that SDKs raise the exceptions that they raise on AWS."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

JSON_TYPE = "com.amazon.coral.service#AccessDeniedException"
_QUERY_CODES = {"sns": "AuthorizationError"}
_FORBIDDEN = "403 Forbidden"


class Answer(NamedTuple):
    """An HTTP response, in the form of WSGI."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


def denied(service: str, environ: Mapping[str, Any], message: str) -> Answer:
    """Return the response to a denied request."""
    if environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        headers = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
        return Answer(_FORBIDDEN, headers, _cbor({"__type": JSON_TYPE, "message": message}))
    if environ.get("HTTP_X_AMZ_TARGET"):
        headers = [("Content-Type", environ.get("CONTENT_TYPE") or "application/x-amz-json-1.0")]
        if service == "sqs":
            # Its clients still see the error code of the query protocol.
            headers.append(("x-amzn-query-error", "AccessDenied;Sender"))
        body = json.dumps({"__type": JSON_TYPE, "Message": message}).encode()
        return Answer("400 Bad Request", headers, body)
    if service == "s3":
        return _xml(f"<Error><Code>AccessDenied</Code><Message>{escape(message)}</Message></Error>")
    if "x-www-form-urlencoded" in (environ.get("CONTENT_TYPE") or "") or "Action=" in environ.get("QUERY_STRING", ""):
        code = _QUERY_CODES.get(service, "AccessDenied")
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        return _xml(f"<ErrorResponse>{error}</ErrorResponse>")
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", "AccessDeniedException")]
    return Answer(_FORBIDDEN, headers, json.dumps({"Message": message}).encode())


def _xml(text: str) -> Answer:
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'
    return Answer(_FORBIDDEN, [("Content-Type", "application/xml")], document.encode())


def _cbor(fields: Mapping[str, str]) -> bytes:
    """Encode a small map of texts (RFC 8949, 3.1)."""
    return bytes([0xA0 | len(fields)]) + b"".join(_cbor_text(text) for pair in fields.items() for text in pair)


def _cbor_text(text: str) -> bytes:
    encoded = text.encode()
    return b"\x79" + len(encoded).to_bytes(2, "big") + encoded
