"""`$disconnect`: the connection has ended; nobody waits for the answer, and API Gateway may never send the event."""

import logging

from chat_core import ChatError
from entrypoints.aws_lambda.container import container
from entrypoints.aws_lambda.proxy import Answer, Event, LambdaContext, about, answer, cause, connection_id, deadline

logger = logging.getLogger(__name__)
_run = container.runner().run
_disconnect = container.disconnect()


def handler(event: Event, context: LambdaContext) -> Answer:
    """Forget the connection."""
    try:
        _run(_disconnect(connection_id(event), deadline=deadline(context)))
    except ChatError as fault:
        logger.warning(about(event, refused=fault.code), exc_info=cause(fault))
        return answer(fault)
    return answer()
