"""`$disconnect`: the connection has ended. No client waits for the response, and the event may never come."""

import logging
import time

from chat_core import ChatError
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
_close_connection = container.chat().close_connection


def handler(event: Event, context: LambdaContext) -> Response:
    """Remove the connection, and tell its rooms."""
    started = time.monotonic()
    try:
        report = _run(_close_connection(connection_id(event), budget(context)))
    except ChatError as fault:
        logger.warning(log_record(event, refused=fault.code), exc_info=log_cause(fault))
        return response(fault)
    if report.rounds or report.continues:
        metrics.record(report, started=started)
        logger.info(log_record(event, broadcast=report.summary()))
    return response()
