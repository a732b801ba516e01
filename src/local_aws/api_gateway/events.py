"""The events that functions receive, with exactly the keys that AWS sends.

Keys have the order of captured events. What AWS omits is omitted: a function that tests whether a key exists would take
a null for a value.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from local_aws.config import ApiConfig

Event = dict[str, Any]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NOT_FORWARDED = frozenset({"connection", "upgrade", "content-length"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientInfo:
    """The data of a connection that all its events share."""

    connection_id: str
    connected_at: int
    """Epoch milliseconds."""
    source_ip: str
    user_agent: str | None
    authorizer: Mapping[str, str] | None = None
    """The context from the Lambda authorizer; None if there is no authorizer."""
    caller: Mapping[str, str] = field(default_factory=dict)
    """The signer of the handshake under IAM, with the keys of `requestContext.identity`."""

    @property
    def identity(self) -> dict[str, str]:
        """Return `requestContext.identity`, without `userAgent` if the client sent no such header."""
        if self.user_agent is None:
            return {**self.caller, "sourceIp": self.source_ip}
        return {**self.caller, "userAgent": self.user_agent, "sourceIp": self.source_ip}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInfo:
    """One request to the API: a handshake, a message or the end of a connection."""

    request_id: str
    epoch_ms: int

    @property
    def common_log_time(self) -> str:
        """Return the time as `29/Nov/2023:08:04:03 +0000`, in any locale."""
        at = time.gmtime(self.epoch_ms // 1000)
        clock = f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}"
        return f"{at.tm_mday:02}/{_MONTHS[at.tm_mon - 1]}/{at.tm_year}:{clock} +0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """An upgrade request, as its authorizer and its integration receive it."""

    request_info: RequestInfo
    headers: list[tuple[str, str]]
    """The result of `forwarded_headers`."""
    query: str
    """The raw query string; empty if there is none."""

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The query parameters, decoded."""
        return parse_qsl(self.query, keep_blank_values=True, errors="replace")


def authorizer_event(api: ApiConfig, client: ClientInfo, handshake: Handshake) -> Event:
    """Build the event of a Lambda authorizer.

    Unlike `$connect`, it receives the hop-by-hop headers as AWS's front end writes them, and empty maps if there are no
    query parameters or stage variables.
    """
    hops = [("Connection", "upgrade"), ("content-length", "0"), ("Upgrade", "websocket")]
    parameters = handshake.parameters
    return {
        "type": "REQUEST",
        "methodArn": api.arn(f"{api.stage}/$connect"),
        **_headers(_by_name([*handshake.headers, *hops])),
        "queryStringParameters": dict(parameters),
        "multiValueQueryStringParameters": _multi(parameters),
        "stageVariables": dict(api.stage_variables),
        "requestContext": {"routeKey": "$connect", **_connect_context(api, client, handshake.request_info)},
    }


def connect_event(
    api: ApiConfig, client: ClientInfo, handshake: Handshake, *, authorizer_ms: int | None = None
) -> Event:
    """Build the event of `$connect`.

    Args:
        api: The API.
        client: The new connection.
        handshake: The request.
        authorizer_ms: How long the authorizer took; None if there is none.

    """
    event: Event = _headers(handshake.headers)
    if parameters := handshake.parameters:
        event["queryStringParameters"] = dict(parameters)
        event["multiValueQueryStringParameters"] = _multi(parameters)
    _add_stage_variables(event, api)
    authorizer = _authorizer(client)
    if authorizer and authorizer_ms is not None:
        # The only value there that is a number.
        authorizer["authorizer"]["integrationLatency"] = authorizer_ms
    context = _connect_context(api, client, handshake.request_info)
    event["requestContext"] = {"routeKey": "$connect", **authorizer, **context}
    event["isBase64Encoded"] = False
    return event


def message_event(
    api: ApiConfig, client: ClientInfo, request_info: RequestInfo, *, route_key: str, message_id: str, body: str
) -> Event:
    """Build the event of a message; `route_key` is `$default` if the default route was used."""
    event: Event = {}
    _add_stage_variables(event, api)
    event["requestContext"] = {
        "routeKey": route_key,
        **_authorizer(client),
        "messageId": message_id,
        "eventType": "MESSAGE",
        "extendedRequestId": request_info.request_id,
        "requestTime": request_info.common_log_time,
        "messageDirection": "IN",
        **_context(api, client, request_info),
    }
    event["body"] = body
    event["isBase64Encoded"] = False
    return event


def disconnect_event(api: ApiConfig, client: ClientInfo, request_info: RequestInfo, *, code: int, reason: str) -> Event:
    """Build the event of `$disconnect`; the code may be one that is never sent, 1005 or 1006."""
    # Every captured event has these four headers, three of them empty.
    headers = (("Host", api.domain_name), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", ""))
    event: Event = _headers(headers)
    _add_stage_variables(event, api)
    event["requestContext"] = {
        "routeKey": "$disconnect",
        **_authorizer(client),
        "disconnectStatusCode": code,
        "eventType": "DISCONNECT",
        "extendedRequestId": request_info.request_id,
        "requestTime": request_info.common_log_time,
        "messageDirection": "IN",
        "disconnectReason": reason,
        **_context(api, client, request_info),
    }
    event["isBase64Encoded"] = False
    return event


def forwarded_headers(
    headers: Iterable[tuple[str, str]], *, api: ApiConfig, source_ip: str, trace_id: str
) -> list[tuple[str, str]]:
    """Return the headers of a handshake as the integration receives them, sorted by name.

    Hop-by-hop headers are removed, `Host` is the API's domain name, and the headers of AWS's front end are added. The
    port and the scheme are those that clients use on AWS.
    """
    kept = [(name, value) for name, value in headers if name.lower() not in _NOT_FORWARDED | {"host"}]
    sent = {name.lower(): value for name, value in kept}
    earlier = sent.get("x-forwarded-for")
    added = {
        "Host": api.domain_name,
        "X-Amzn-Trace-Id": sent.get("x-amzn-trace-id", trace_id),
        "X-Forwarded-For": f"{earlier}, {source_ip}" if earlier else source_ip,
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    names = {name.lower() for name in added}
    return _by_name([*(pair for pair in kept if pair[0].lower() not in names), *added.items()])


def _by_name(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(headers, key=lambda pair: pair[0].lower())


def _authorizer(client: ClientInfo) -> Event:
    return {} if client.authorizer is None else {"authorizer": dict(client.authorizer)}


def _connect_context(api: ApiConfig, client: ClientInfo, request_info: RequestInfo) -> Event:
    """Return the part of `requestContext` after the route key, for the authorizer and for `$connect`."""
    return {
        "eventType": "CONNECT",
        "extendedRequestId": request_info.request_id,
        "requestTime": request_info.common_log_time,
        "messageDirection": "IN",
        **_context(api, client, request_info),
    }


def _context(api: ApiConfig, client: ClientInfo, request_info: RequestInfo) -> Event:
    """Return the end of `requestContext`, which events of all types share."""
    return {
        "stage": api.stage,
        "connectedAt": client.connected_at,
        "requestTimeEpoch": request_info.epoch_ms,
        "identity": client.identity,
        "requestId": request_info.request_id,
        "domainName": api.domain_name,
        "connectionId": client.connection_id,
        "apiId": api.id,
    }


def _headers(headers: Iterable[tuple[str, str]]) -> Event:
    pairs = list(headers)
    return {"headers": dict(pairs), "multiValueHeaders": _multi(pairs)}


def _multi(pairs: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    gathered: dict[str, list[str]] = {}
    for name, value in pairs:
        gathered.setdefault(name, []).append(value)
    return gathered


def _add_stage_variables(event: Event, api: ApiConfig) -> None:
    if api.stage_variables:
        event["stageVariables"] = dict(api.stage_variables)
