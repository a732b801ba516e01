"""The interfaces by which the gateway and the functions check permissions."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The secret and the principal of an access key id."""

    secret_access_key: str
    session_token: str | None = None
    """Set for temporary credentials: a request with another token, or without one, is denied."""
    account: str = ""
    principal_id: str = ""
    """The unique id in IAM, such as `AROAEXAMPLE:session`."""
    principal_arn: str = ""


class PermissionChecker(Protocol):
    """Checks the policies of the principals of access keys.

    Called for every request, thousands of times per second, and only for access key ids with a known `Credential`.
    """

    @abstractmethod
    def denial_reason(self, *, access_key_id: str, action: str, resource: str) -> str | None:
        """Return why an action is denied, in one line for the log, or None if it is allowed.

        Args:
            access_key_id: The access key id of the caller.
            action: `execute-api:ManageConnections` or `execute-api:Invoke`.
            resource: `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}/@connections/*`, or the same with
                `{stage}/$connect` after the API.

        """
        ...


class InvokePermissionChecker(Protocol):
    """Checks the resource policies of functions, to which `AWS::Lambda::Permission` adds statements."""

    @abstractmethod
    def denial_reason(self, *, function_arn: str, source_arn: str) -> str | None:
        """Return why API Gateway may not invoke a function, or None if it may.

        Args:
            function_arn: The function, or an alias or a version of it.
            source_arn: The route or authorizer that invokes it, in the form of `Invoker.invoke`.

        """
        ...
