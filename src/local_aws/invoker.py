"""The interface by which the gateway invokes functions, and the ways an invocation ends.

The three endings are those of Lambda: a response, a function error (`X-Amz-Function-Error` on the Invoke API), or a
refusal before any code ran. Source: AWS Lambda API reference, Invoke.
"""

from abc import abstractmethod
from typing import Protocol


class InvocationError(Exception):
    """An invocation without a response.

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
        """Whether the function's log reports the error already, with its event."""


class InvocationRefused(InvocationError):
    """The function does not exist, the caller may not invoke it, or it is throttled."""


class Invoker(Protocol):
    """Runs functions.

    Any number of invocations may be under way. Each has an execution environment to itself, and waits for one if the
    concurrency limit is reached. Cancelling the call does not stop the function, just as an integration timeout on AWS
    does not.
    """

    @abstractmethod
    async def invoke(self, *, function_arn: str, event: bytes, source_arn: str = "") -> bytes:
        """Run the function once with the JSON document `event`; return the JSON document of its response.

        Args:
            function_arn: The function, or an alias or a version of it.
            event: The event of its handler.
            source_arn: The caller, in the form of the `SourceArn` of a Lambda permission: a route
                (`arn:aws:execute-api:{region}:{account}:{api}/{stage}/{route key}`) or an authorizer
                (`.../authorizers/{id}`). Empty if no permission is needed.

        Raises:
            FunctionError: the function ran and failed.
            InvocationRefused: the function never ran.

        """
        ...
