"""How the gateway asks for a function to be run, and how a run can end.

The three endings are Lambda's own: an answer, a function error (`X-Amz-Function-Error` on the Invoke API), or a
refusal before any code ran. Source: AWS Lambda API reference, Invoke.
"""

from abc import abstractmethod
from typing import Protocol


class InvocationError(Exception):
    """An invocation that brought no answer.

    InvocationError
    ├── FunctionError      the function ran and failed
    └── InvocationRefused  the function never ran
    """


class FunctionError(InvocationError):
    """The handler raised, could not be imported, ended its process, or ran past its timeout."""

    def __init__(self, error_type: str, message: str, *, logged: bool = False) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        """The name of the exception's class, or Lambda's own such as `Sandbox.Timedout`."""
        self.message = message
        self.logged = logged
        """True where the function's log says it already, with the event that it concerns."""


class InvocationRefused(InvocationError):
    """There is no such function, the caller may not invoke it, or it is throttled."""


class Invoker(Protocol):
    """Runs functions.

    Any number of invocations may be under way; each gets an execution environment of its own, waiting for one where
    the limit is reached. Giving up waiting for an answer (cancelling the call) does not stop the function, as an
    integration timeout on AWS does not.
    """

    @abstractmethod
    async def invoke(self, *, function_arn: str, event: bytes, source_arn: str = "") -> bytes:
        """Run the function once with the JSON document `event`; return the JSON document that it answered.

        Args:
            function_arn: The function, or an alias or a version of it.
            event: What its handler gets.
            source_arn: What asks, as the `SourceArn` of a Lambda permission names it: a route
                (`arn:aws:execute-api:{region}:{account}:{api}/{stage}/{route key}`) or an authorizer
                (`.../authorizers/{id}`). Empty where nothing needs a permission.

        Raises:
            FunctionError: the function ran and failed.
            InvocationRefused: the function never ran.

        """
        ...
