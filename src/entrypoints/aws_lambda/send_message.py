"""`sendmessage`: a message for everyone connected."""

import logging
import time

from chat_core import ReceivedFrame
from entrypoints.aws_lambda import metrics
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
    hand_on_time,
)

logger = logging.getLogger(__name__)
_run = container.runner().run
_receive_frame = container.receive_frame()


def handler(event: Event, context: LambdaContext) -> Answer:
    """Deliver the message; its sender is told of whatever is wrong with it."""
    received = ReceivedFrame(
        connection_id=connection_id(event),
        text=event.get("body") or "",
        deadline=deadline(context),
        hand_on_at=hand_on_time(context),
    )
    started = time.monotonic()
    receipt = _run(_receive_frame(received))
    if receipt.fault:
        logger.warning(about(event, refused=receipt.fault.code), exc_info=cause(receipt.fault))
    elif receipt.report:
        logger.info(about(event, broadcast=receipt.report.summary()))
        metrics.record(receipt.report, started=started)
    return answer(receipt.fault)
