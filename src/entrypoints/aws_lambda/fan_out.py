"""The worker behind the queue: it continues deliveries that were too large for the time of `sendmessage`.

Source: Lambda developer guide, "Using Lambda with Amazon SQS" (the event, and partial batch responses).
"""

import logging
import os
import time
from typing import Any

from adapters.sqs import read_job
from chat_core import Unavailable
from entrypoints.aws_lambda import metrics
from entrypoints.aws_lambda.container import container
from entrypoints.aws_lambda.events import Event, LambdaContext, budget

logger = logging.getLogger(__name__)
_run = container.runner().run
_continue_job = container.chat().continue_job

LEASE_SECONDS = int(os.environ.get("FAN_OUT_PATIENCE_SECONDS", "60"))
"""How long after its last sign of life a worker counts as dead, and its message goes to another."""


def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    """Continue each delivery; return the messages that have to be tried again."""
    failures = [record["messageId"] for record in event["Records"] if not _run(_continue(record, context))]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failures]}


async def _continue(record: Event, context: LambdaContext) -> bool:
    started = time.monotonic()
    try:
        job = read_job(record["body"])
    except ValueError:
        # After some attempts it goes to the dead-letter queue, where a person can look at it.
        logger.error({"refused": "not a delivery job", "messageId": record["messageId"]})  # noqa: TRY400
        return False
    lease = container.lease(receipt_handle=record["receiptHandle"], seconds=LEASE_SECONDS)
    try:
        report = await _continue_job(job, budget(context), lease=lease)
    except Unavailable as fault:
        logger.warning({"refused": fault.code, "messageId": record["messageId"]}, exc_info=fault.__cause__)
        return False
    metrics.record(report, started=started)
    logger.info({"job": job.id, "broadcast": report.summary()})
    return True
