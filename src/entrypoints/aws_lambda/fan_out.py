"""The worker behind the queue: it goes on with broadcasts that were too large for `sendmessage`'s time.

Source: Lambda developer guide, "Using Lambda with Amazon SQS" (the event, and partial batch responses).
"""

import logging
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

from adapters.sqs import SqsFanOutQueue, read_fan_out
from chat_core import Unavailable
from entrypoints.aws_lambda import metrics
from entrypoints.aws_lambda.container import container
from entrypoints.aws_lambda.proxy import Event, LambdaContext, deadline, hand_on_time

logger = logging.getLogger(__name__)
_run = container.runner().run
_continue_fan_out = container.continue_fan_out()
_queue = container.fan_out_queue()

PATIENCE_SECONDS = int(os.environ.get("FAN_OUT_PATIENCE_SECONDS", "60"))
"""How long after its last sign of life a worker is taken for dead and its message handed to another.

The queue's own visibility timeout cannot be shorter than the function's timeout; a message's can."""


def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    """Go on with each broadcast; answer which ones have to be tried again."""
    failures = [record["messageId"] for record in event["Records"] if not _run(_go_on(record, context))]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failures]}


async def _go_on(record: Event, context: LambdaContext) -> bool:
    started = time.monotonic()
    try:
        fan_out = read_fan_out(record["body"])
        still_here = _sign_of_life(record["receiptHandle"], deadline(context))
        await still_here()
        report = await _continue_fan_out(
            fan_out, deadline=deadline(context), hand_on_at=hand_on_time(context), after_chunk=still_here
        )
    except ValueError:
        # It goes to the dead-letter queue after some attempts, where a person can look at it.
        logger.error({"refused": "not a fan-out", "messageId": record["messageId"]})  # noqa: TRY400
        return False
    except Unavailable as fault:
        logger.warning({"refused": fault.code, "messageId": record["messageId"]}, exc_info=fault.__cause__)
        return False
    metrics.record(report, started=started)
    logger.info({"fanOut": fan_out.id, "broadcast": report.summary()})
    return True


def _sign_of_life(receipt_handle: str, until: float) -> Callable[[], Awaitable[None]]:
    async def extend() -> None:
        if isinstance(_queue, SqsFanOutQueue):
            try:
                await _queue.extend(receipt_handle, seconds=PATIENCE_SECONDS, deadline=until)
            except Unavailable as fault:
                # Another worker may take the message up; then one of the two stops after a chunk.
                logger.warning("could not keep the message: %s", fault.code, exc_info=fault.__cause__)

    return extend
