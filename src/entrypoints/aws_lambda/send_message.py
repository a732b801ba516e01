"""`sendmessage`: a message of a plain client for everyone in the lobby."""

from typing import TYPE_CHECKING

from entrypoints.aws_lambda.container import container
from entrypoints.aws_lambda.frames import receive

if TYPE_CHECKING:
    from entrypoints.aws_lambda.events import Event, LambdaContext, Response

_run = container.runner().run
_receive_message = container.chat().receive_message


def handler(event: "Event", context: "LambdaContext") -> "Response":
    """Deliver the message. Its sender is told what is wrong with it."""
    return receive(event, context, run=_run, receive_frame=_receive_message)
