"""The worker behind the queue of wake-ups: it delivers what is on the feed of a room.

It goes on where a function had no more time, and takes over from one that has died.
Source: Lambda developer guide, "Using Lambda with Amazon SQS" (the event, and partial batch responses).
"""

import logging
import time
from typing import Any, Final

from adapters.sqs import read_wake_up
from chat_core import Unavailable
from entrypoints.aws_lambda import metrics
from entrypoints.aws_lambda.container import container
from entrypoints.aws_lambda.events import Event, LambdaContext, budget

logger = logging.getLogger(__name__)
_run = container.runner().run
_drain_room = container.chat().drain_room

PATIENCE_SECONDS: Final = 15
"""How long after its start a worker's message goes to another one, which finds the room's turn taken, or its lease over
because the first one has died. A little longer than the lease: a worker that comes before its end comes in vain."""


def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    """Drain each room; return the messages that have to come again."""
    failures = [record["messageId"] for record in event["Records"] if not _run(_drain(record, context))]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failures]}


async def _drain(record: Event, context: LambdaContext) -> bool:
    started = time.monotonic()
    try:
        room = read_wake_up(record["body"])
    except ValueError:
        # After some attempts it goes to the dead-letter queue, where a person can look at it.
        logger.error({"refused": "not a wake-up", "messageId": record["messageId"]})  # noqa: TRY400
        return False
    within = budget(context)
    lease = container.lease(receipt_handle=record["receiptHandle"], seconds=PATIENCE_SECONDS)
    try:
        await lease.extend(deadline=within.settle_by)
        report = await _drain_room(room, within)
    except Unavailable as fault:
        logger.warning({"refused": fault.code, "messageId": record["messageId"]}, exc_info=fault.__cause__)
        return False
    metrics.record(report, started=started)
    logger.info({"messageId": record["messageId"], "broadcast": report.summary()})
    return True
