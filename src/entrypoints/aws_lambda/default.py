"""`$default`: a frame that no other route takes, such as all of the Centrifuge protocol."""

from typing import TYPE_CHECKING

from entrypoints.aws_lambda.container import container
from entrypoints.aws_lambda.frames import receive

if TYPE_CHECKING:
    from entrypoints.aws_lambda.events import Event, LambdaContext, Response

_run = container.runner().run
_receive_frame = container.chat().receive_frame


def handler(event: "Event", context: "LambdaContext") -> "Response":
    """Do what the frame asks for. Its sender is told what is wrong with it, and the connection stays open."""
    return receive(event, context, run=_run, receive_frame=_receive_frame)
