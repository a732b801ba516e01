"""`sendmessage`: a message for everyone connected."""

import logging
import time

from chat_core import Frame
from entrypoints.aws_lambda import metrics
from entrypoints.aws_lambda.container import container
from entrypoints.aws_lambda.events import (
    Event,
    LambdaContext,
    Response,
    budget,
    connection_id,
    log_cause,
    log_record,
    response,
)

logger = logging.getLogger(__name__)
_run = container.runner().run
_receive_frame = container.chat().receive_frame


def handler(event: Event, context: LambdaContext) -> Response:
    """Deliver the message. Its sender is told what is wrong with it."""
    frame = Frame(connection_id=connection_id(event), text=event.get("body") or "")
    started = time.monotonic()
    result = _run(_receive_frame(frame, budget(context)))
    if result.fault:
        logger.warning(log_record(event, refused=result.fault.code), exc_info=log_cause(result.fault))
    elif result.report:
        logger.info(log_record(event, broadcast=result.report.summary()))
        metrics.record(result.report, started=started)
    return response(result.fault)
