"""`$default`: whatever no other route takes, which is an unknown action or not JSON at all."""

import logging

from chat_core import ReceivedFrame
from entrypoints.aws_lambda.container import container
from entrypoints.aws_lambda.proxy import Answer, Event, LambdaContext, about, answer, connection_id, deadline

logger = logging.getLogger(__name__)
_run = container.runner().run
_refuse_frame = container.refuse_frame()


def handler(event: Event, context: LambdaContext) -> Answer:
    """Tell the sender what is wrong with its frame; the connection stays open."""
    received = ReceivedFrame(
        connection_id=connection_id(event), text=event.get("body") or "", deadline=deadline(context)
    )
    receipt = _run(_refuse_frame(received))
    logger.info(about(event, refused=receipt.fault and receipt.fault.code))
    return answer(receipt.fault)
