"""The trace for developers: events, responses, and calls of the management API."""

import itertools
import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum
from typing import TextIO
from urllib.parse import unquote

from local_aws.config import FunctionConfig, unqualified
from local_aws.dev.json_printer import layout
from local_aws.event_source import read_event_source
from local_aws.http_server import Request, Response
from local_aws.invoker import FunctionError, InvocationRefused, Invoker


class _Colour(Enum):
    """ANSI escape sequences (ECMA-48, Select Graphic Rendition)."""

    EVENT = "\x1b[36m"
    ANSWER = "\x1b[32m"
    FAILURE = "\x1b[31m"
    MANAGEMENT = "\x1b[35m"


_PLAIN = "\x1b[0m"


def takes_colours(stream: TextIO) -> bool:
    """Return whether a stream should have colours: a terminal, unless `NO_COLOR` is set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Trace:
    """Writes one block of lines for each event, response and call; blocks are never interleaved."""

    def __init__(self, write: Callable[[str], None], *, coloured: bool = False) -> None:
        """Call `write` with one block at a time, without a line end."""
        self._write = write
        self._coloured = coloured

    def invoker(self, invoker: Invoker, configs: Iterable[FunctionConfig]) -> Invoker:
        """Return an invoker with a trace; the logical ids of the functions come from `configs`."""
        return _TracedInvoker(invoker, {config.arn: config.logical_id for config in configs}, self._block)

    def management(self, request: Request, response: Response) -> None:
        """Write a call of the management API."""
        connection_id = unquote(request.path.rpartition("/")[2])
        size = f" {len(request.body)} bytes" if request.body else ""
        heading = f"@connections {request.method} {connection_id}{size}: {response.status}"
        self._block(_Colour.MANAGEMENT if response.status < 400 else _Colour.FAILURE, heading)

    def _block(self, colour: _Colour, heading: str, document: bytes | None = None) -> None:
        moment = datetime.now().astimezone().strftime("%H:%M:%S.%f")[:-3]
        heading = f"{colour.value}{heading}{_PLAIN}" if self._coloured else heading
        body = "" if document is None else f"\n  {layout(document)}"
        self._write(f"{moment} {heading}{body}")


class _TracedInvoker(Invoker):
    def __init__(self, invoker: Invoker, names: dict[str, str], block: Callable[..., None]) -> None:
        self._invoker = invoker
        self._names = names
        self._block = block
        self._numbers = itertools.count(1)

    async def invoke(self, *, function_arn: str, event: bytes, source_arn: str = "") -> bytes:
        """Invoke the function; the response has the number of its event."""
        source = read_event_source(event)
        name = self._names.get(unqualified(function_arn), function_arn)
        what = f"#{next(self._numbers)} {name}" + (f", {source}" if source else "")
        self._block(_Colour.EVENT, f"-> {what}", event)
        began = time.monotonic()
        outcome = "cancelled by the gateway"
        answer: bytes | None = None
        try:
            answer = await self._invoker.invoke(function_arn=function_arn, event=event, source_arn=source_arn)
        except FunctionError as exc:
            outcome = f"failed with {exc.error_type}"
            raise
        except InvocationRefused as exc:
            outcome = f"refused: {exc}"
            raise
        finally:
            duration = f"{(time.monotonic() - began) * 1000:.0f} ms"
            if answer is None:
                self._block(_Colour.FAILURE, f"<- {what}, {duration}: {outcome}")
            else:
                self._block(_Colour.ANSWER, f"<- {what}, {duration}", answer)
        return answer
