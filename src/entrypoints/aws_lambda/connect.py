"""`$connect`: the handshake waits for it, and succeeds if it does."""

import logging

from chat_core import SUBPROTOCOL, ChatError, Connection, Format, choose_format
from entrypoints.aws_lambda.container import container
from entrypoints.aws_lambda.proxy import (
    Answer,
    Event,
    LambdaContext,
    about,
    answer,
    cause,
    connection_id,
    deadline,
    header_values,
    query_parameter,
)

logger = logging.getLogger(__name__)
_run = container.runner().run
_connect = container.connect()


def handler(event: Event, context: LambdaContext) -> Answer:
    """Let the client in, in the format that it asked for; 400 for an unknown format, 503 where the table fails."""
    offers = ",".join(header_values(event, "Sec-WebSocket-Protocol"))
    offered = [name.strip() for name in offers.split(",")]
    try:
        chosen = choose_format(subprotocols=offered, query_format=query_parameter(event, "format"))
        _run(_connect(Connection(id=connection_id(event), format=chosen), deadline=deadline(context)))
    except ChatError as fault:
        logger.warning(about(event, refused=fault.code), exc_info=cause(fault))
        return answer(fault)
    # API Gateway never picks a subprotocol, and a browser that offered some drops a connection without one.
    accepted = chosen is Format.JSON and SUBPROTOCOL in offered
    return answer(headers={"Sec-WebSocket-Protocol": SUBPROTOCOL} if accepted else None)
