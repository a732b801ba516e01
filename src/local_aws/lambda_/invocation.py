"""One event on its way to an answer, and the ways in which it can get none."""

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
"""Lambda's name for a run that took longer than the function may."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why an event brought no answer."""

    error_type: str
    message: str
    reported: bool = False
    """True where the function said so itself. Lambda puts the request's id before what it says on its own behalf."""

    @classmethod
    def from_report(cls, body: bytes) -> "Failure":
        """Read the error document that a runtime client posts (Lambda Runtime API, Invocation error)."""
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
        """Describe a run that took longer than the function may."""
        return cls(error_type=TIMED_OUT, message=f"Task timed out after {seconds:.2f} seconds")

    def error(self, request_id: str, *, logged: bool) -> FunctionError:
        """Word it for the one who asked."""
        message = self.message if self.reported else f"RequestId: {request_id} Error: {self.message}"
        return FunctionError(self.error_type, message, logged=logged)


Outcome = bytes | Failure
"""What came of an event: the answer, as the function gave it, or why there is none."""


def _trace_id() -> str:
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"


@dataclass(frozen=True, kw_only=True, eq=False)
class Invocation:
    """One event. `answer` is settled once, whether or not anybody still waits for it."""

    function_arn: str
    """As the caller wrote it, qualifier included: the function sees this one."""
    event: bytes
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace_id: str = field(default_factory=_trace_id)
    answer: asyncio.Future[bytes]

    @cached_property
    def origin(self) -> str:
        """Where the event comes from, for a person; empty where that is no WebSocket API."""
        return str(read_event_source(self.event) or "")

    def settle(self, outcome: Outcome, *, logged: bool = False) -> None:
        """Give the outcome to whoever waits; only the first one counts.

        Args:
            outcome: What came of the event.
            logged: Whether the log says why it failed, and of which event.

        """
        if self.answer.done():
            return
        if isinstance(outcome, Failure):
            self.answer.set_exception(outcome.error(self.request_id, logged=logged))
        else:
            self.answer.set_result(outcome)
