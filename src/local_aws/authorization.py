"""Who may do what, as far as the gateway and the functions have to ask."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What belongs to an access key id."""

    secret_access_key: str
    session_token: str | None = None
    """Of temporary credentials: a request that carries another one, or none, is refused."""
    account: str = ""
    principal_id: str = ""
    """IAM's unique id, such as `AROAEXAMPLE:session`."""
    principal_arn: str = ""


class PermissionChecker(Protocol):
    """Answers for the policies of whoever an access key belongs to.

    It is asked on every request, thousands of times per second, and only about access key ids that the gateway was
    given a `Credential` for.
    """

    @abstractmethod
    def denial_reason(self, *, access_key_id: str, action: str, resource: str) -> str | None:
        """Tell why an action is not allowed, in one line for the log; None where it is.

        Args:
            access_key_id: Whose.
            action: `execute-api:ManageConnections` or `execute-api:Invoke`.
            resource: Its ARN: `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}/@connections/*`, or with
                `{stage}/$connect` after the API.

        """
        ...


class InvokePermissionChecker(Protocol):
    """Answers for the resource policies of functions, which `AWS::Lambda::Permission` adds to."""

    @abstractmethod
    def denial_reason(self, *, function_arn: str, source_arn: str) -> str | None:
        """Tell why API Gateway may not invoke a function for one of its routes or authorizers; None where it may.

        Args:
            function_arn: The function, or an alias or a version of it.
            source_arn: What asks, as `Invoker.invoke` has it.

        """
        ...
