"""The functions of a stack as principals: the access key of each stands for its role."""

from collections.abc import Mapping
from dataclasses import dataclass

from local_aws.authorization import PermissionChecker
from local_aws.iam.policies import Decision
from local_aws.iam.roles import Roles

ALWAYS_ALLOWED = {"sts:GetCallerIdentity", "sts:GetSessionToken"}
"""Actions that need no permission (AWS STS API reference)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A function in a session of its role."""

    role_arn: str
    session_name: str
    """The name of the function in Lambda."""
    function: str
    """The logical id of the function."""

    @property
    def arn(self) -> str:
        """The ARN of the session, as AWS's messages have it."""
        head, _, name = self.role_arn.replace(":iam:", ":sts:", 1).partition(":role/")
        return f"{head}:assumed-role/{name.rpartition('/')[2]}/{self.session_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """Why a request is denied."""

    message: str
    """The message of AWS's response."""
    log: str
    """One line for the log, with the statement to add."""


class Principals(PermissionChecker):
    """Checks permissions by access key id."""

    def __init__(self, principals: Mapping[str, Principal], *, roles: Roles) -> None:
        self._principals = principals
        self._roles = roles

    def __contains__(self, access_key_id: str) -> bool:
        """Return whether an access key belongs to a function."""
        return access_key_id in self._principals

    def denial_reason(self, *, access_key_id: str, action: str, resource: str) -> str | None:
        """Evaluate the policies of the key's role."""
        denial = self.denial(access_key_id, action, resource)
        return denial.log if denial else None

    def denial(self, access_key_id: str, action: str, resource: str | None) -> Denial | None:
        """Return why a request is denied, or None if it is allowed. A `resource` of None is unknown."""
        principal = self._principals.get(access_key_id)
        if principal is None or action in ALWAYS_ALLOWED:
            return None
        decision = self._roles.judge(principal.role_arn, action, resource)
        if decision is Decision.ALLOWED:
            return None
        on = f" on resource: {resource}" if resource and resource != "*" else ""
        link = "with" if decision is Decision.DENIED else "because"
        reason = decision.value.format(action)
        advice = self._roles.advice(principal.role_arn, action, resource, decision)
        target = f" on {resource}" if resource else ""
        return Denial(
            message=f"User: {principal.arn} is not authorized to perform: {action}{on} {link} {reason}",
            log=f"{principal.function} may not {action}{target}; {advice}",
        )
