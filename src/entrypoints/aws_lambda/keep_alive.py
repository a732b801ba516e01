"""The schedule that keeps idle connections open.

API Gateway ends a connection that was idle for ten minutes (its WebSocket quotas table), and clients of the Centrifuge
protocol send nothing by themselves. A frame that means nothing goes to each of them some time before that.
"""

import logging
import time

from chat_core import ChatError, KeepAlive
from entrypoints.aws_lambda import metrics
from entrypoints.aws_lambda.container import container
from entrypoints.aws_lambda.events import Event, LambdaContext, budget

logger = logging.getLogger(__name__)
_run = container.runner().run
_announce = container.chat().announce


def handler(_event: Event, context: LambdaContext) -> None:
    """Send it to everyone. What there is no time for is left to a worker.

    Raises:
        ChatError: it could not be sent. Lambda tries again after a minute, which is soon enough.

    """
    started = time.monotonic()
    try:
        report = _run(_announce(KeepAlive(), budget(context))).report
    except ChatError as fault:
        logger.warning({"refused": fault.code}, exc_info=fault.__cause__)
        raise
    metrics.record(report, started=started)
    logger.info({"broadcast": report.summary()})
