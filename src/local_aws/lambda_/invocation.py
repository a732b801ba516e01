"""One event, its response, and the failures that can occur instead."""

import asyncio
import json
import secrets
import signal
import time
import uuid
from dataclasses import dataclass, field
from functools import cached_property

from local_aws.event_source import read_event_source
from local_aws.invoker import FunctionError

TIMED_OUT = "Sandbox.Timedout"
"""Lambda's error type for a run that exceeded the function's timeout."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why an event has no response."""

    error_type: str
    message: str
    reported: bool = False
    """True if the function reported it. Lambda prefixes its own messages with the request id."""

    @classmethod
    def from_report(cls, body: bytes) -> "Failure":
        """Parse the error document that a runtime client posts (Lambda Runtime API, Invocation error)."""
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            return cls(error_type="Runtime.Unknown", message=body.decode("utf-8", "replace"), reported=True)
        kind, message = document.get("errorType"), document.get("errorMessage")
        return cls(error_type=str(kind or "Runtime.Unknown"), message=str(message or ""), reported=True)

    @classmethod
    def from_exit(cls, code: int) -> "Failure":
        """Describe the end of a process; a negative `code` is the signal that ended it."""
        if code == 0:
            return cls(error_type="Runtime.ExitError", message="Runtime exited without providing a reason")
        how = f"exit status {code}" if code > 0 else f"signal: {(signal.strsignal(-code) or str(-code)).lower()}"
        return cls(error_type="Runtime.ExitError", message=f"Runtime exited with error: {how}")

    @classmethod
    def from_timeout(cls, seconds: float) -> "Failure":
        """Describe a run that exceeded the function's timeout."""
        return cls(error_type=TIMED_OUT, message=f"Task timed out after {seconds:.2f} seconds")

    def error(self, request_id: str, *, logged: bool) -> FunctionError:
        """Return the exception for the caller."""
        message = self.message if self.reported else f"RequestId: {request_id} Error: {self.message}"
        return FunctionError(self.error_type, message, logged=logged)


Outcome = bytes | Failure
"""The response, as the function returned it, or the reason why there is none."""


def _trace_id() -> str:
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"


@dataclass(frozen=True, kw_only=True, eq=False)
class Invocation:
    """One event. `answer` is set exactly once, even if the caller no longer waits."""

    function_arn: str
    """As the caller wrote it, with the qualifier: the function receives this form."""
    event: bytes
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace_id: str = field(default_factory=_trace_id)
    answer: asyncio.Future[bytes]

    @cached_property
    def source(self) -> str:
        """The source of the event for log lines; empty if it is not an event of a WebSocket API."""
        return str(read_event_source(self.event) or "")

    def settle(self, outcome: Outcome, *, logged: bool = False) -> None:
        """Set the outcome; later calls have no effect.

        Args:
            outcome: The response or the failure.
            logged: Whether the log has the reason of the failure and the source of the event.

        """
        if self.answer.done():
            return
        if isinstance(outcome, Failure):
            self.answer.set_exception(outcome.error(self.request_id, logged=logged))
        else:
            self.answer.set_result(outcome)
