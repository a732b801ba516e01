"""`$connect`: the handshake waits for this function, and succeeds if it does."""

import logging

from chat_core import ChatError, Handshake
from entrypoints.aws_lambda.container import container
from entrypoints.aws_lambda.events import (
    Event,
    LambdaContext,
    Response,
    budget,
    connection_id,
    header_values,
    log_cause,
    log_record,
    query_parameter,
    response,
    user,
)

logger = logging.getLogger(__name__)
_run = container.runner().run
_open_connection = container.chat().open_connection


def handler(event: Event, context: LambdaContext) -> Response:
    """Open the connection with the codec that the client asks for; 400 for an unknown one, 503 if the table fails."""
    offers = ",".join(header_values(event, "Sec-WebSocket-Protocol"))
    handshake = Handshake(
        connection_id=connection_id(event),
        subprotocols=[name.strip() for name in offers.split(",")],
        codec=query_parameter(event, "protocol"),
        user=user(event),
    )
    try:
        opened = _run(_open_connection(handshake, budget(context)))
    except ChatError as fault:
        logger.warning(log_record(event, refused=fault.code), exc_info=log_cause(fault))
        return response(fault)
    # API Gateway confirms no subprotocol by itself.
    return response(headers={"Sec-WebSocket-Protocol": opened.subprotocol} if opened.subprotocol else None)
