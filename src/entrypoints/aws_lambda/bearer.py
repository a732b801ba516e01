"""The three places of a token: a browser's WebSocket can set no header but the subprotocols."""

from entrypoints.aws_lambda.events import Event, header_values, query_parameter

SUBPROTOCOL_PREFIX = "bearer."
"""Offered beside the wanted subprotocol: `centrifuge-json, bearer.<token>`. It is never the one that is confirmed."""
QUERY_PARAMETER = "token"

_SCHEME = "bearer"


def bearer_token(event: Event) -> str | None:
    """Return the token of a handshake, or None if there is none. The first of these places counts.

    1. `Authorization: Bearer <token>` (RFC 6750, section 2.1)
    2. `Sec-WebSocket-Protocol: centrifuge-json, bearer.<token>`
    3. `?token=<token>`, for clients that have no other way: proxies in between may log it
    """
    for value in header_values(event, "Authorization"):
        scheme, _, credentials = value.strip().partition(" ")
        if scheme.lower() == _SCHEME:
            return credentials.strip()
    for value in header_values(event, "Sec-WebSocket-Protocol"):
        for name in value.split(","):
            if name.strip().startswith(SUBPROTOCOL_PREFIX):
                return name.strip().removeprefix(SUBPROTOCOL_PREFIX)
    return query_parameter(event, QUERY_PARAMETER)
