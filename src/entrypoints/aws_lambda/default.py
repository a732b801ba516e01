"""`$default`: a frame that no other route takes, because its action is unknown or it is not JSON at all."""

import logging

from chat_core import Frame
from entrypoints.aws_lambda.container import container
from entrypoints.aws_lambda.events import Event, LambdaContext, Response, budget, connection_id, log_record, response

logger = logging.getLogger(__name__)
_run = container.runner().run
_refuse_frame = container.chat().refuse_frame


def handler(event: Event, context: LambdaContext) -> Response:
    """Tell the sender what is wrong with its frame. The connection stays open."""
    frame = Frame(connection_id=connection_id(event), text=event.get("body") or "")
    result = _run(_refuse_frame(frame, budget(context)))
    logger.info(log_record(event, refused=result.fault and result.fault.code))
    return response(result.fault)
