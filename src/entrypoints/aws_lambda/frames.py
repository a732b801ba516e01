"""A frame that came in over a route, whichever it is."""

import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from chat_core import Budget, Frame, FrameResult
from entrypoints.aws_lambda import metrics
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

ReceiveFrame = Callable[[Frame, Budget], Coroutine[Any, Any, FrameResult]]
Run = Callable[[Coroutine[Any, Any, FrameResult]], FrameResult]
"""Runs a coroutine to its end, as `asyncio.Runner.run` does."""


def receive(event: Event, context: LambdaContext, *, run: Run, receive_frame: ReceiveFrame) -> Response:
    """Do what a frame asks for, and log what became of it."""
    started = time.monotonic()
    result = run(receive_frame(_frame(event), budget(context)))
    record: dict[str, object] = {"replies": len(result.replies)}
    if result.report:
        record["broadcast"] = result.report.summary()
        metrics.record(result.report, started=started)
    if result.fault:
        record["refused"] = result.fault.code
        logger.warning(log_record(event, **record), exc_info=log_cause(result.fault))
    else:
        logger.info(log_record(event, **record))
    return response(result.fault)


def _frame(event: Event) -> Frame:
    """Return the frame that the event is about. An empty frame may come without a body."""
    opened_at = event["requestContext"].get("connectedAt", 0) / 1000
    return Frame(connection_id=connection_id(event), text=event.get("body") or "", opened_at=opened_at)
