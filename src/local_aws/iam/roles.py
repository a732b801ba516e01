"""What the roles of a stack may do, and the advice for what they may not do."""

from collections.abc import Sequence
from functools import lru_cache

from local_aws.config import RoleConfig
from local_aws.iam.names import PhysicalIds, as_template, folder
from local_aws.iam.policies import AuthorizationRequest, Decision, Policies


class Roles:
    """Evaluates the policies of roles. A role of another template, or with unknown policies, may do anything."""

    def __init__(self, roles: Sequence[RoleConfig], *, ids: PhysicalIds) -> None:
        self._ids = ids
        # The same few requests come again and again, except for the keys of S3 objects.
        self.judge = lru_cache(maxsize=4096)(self._judge)
        self.replace(roles)

    def replace(self, roles: Sequence[RoleConfig]) -> None:
        """Evaluate these roles from now on."""
        self._roles = {each.arn: each for each in roles}
        self._policies = {
            each.arn: Policies(each.policies, boundary=each.boundary) for each in roles if not each.elsewhere
        }
        self.judge.cache_clear()

    @property
    def notices(self) -> list[str]:
        """The parts of the policies that are not evaluated as on AWS, as lines for the log."""
        foreign = [
            f"Not enforced: the permissions of {each.logical_id}: it has {', '.join(each.elsewhere)}"
            for each in self._roles.values()
            if each.elsewhere
        ]
        unsupported = [
            f"Not supported: {what}; its statement in {self._roles[arn].logical_id} is ignored"
            for arn, policies in self._policies.items()
            for what in policies.unsupported
        ]
        return foreign + list(dict.fromkeys(unsupported))

    def __contains__(self, arn: str) -> bool:
        """Return whether the policies of a role are known."""
        return arn in self._policies

    def _judge(self, arn: str, action: str, resource: str | None) -> Decision:
        policies = self._policies.get(arn)
        if policies is None:
            return Decision.ALLOWED
        account = arn.split(":")[4]
        region = (resource or "").split(":")[3:4] or [""]
        context = {
            "aws:principalaccount": account,
            "aws:principalarn": arn,
            "aws:principaltype": "AssumedRole",
            "aws:requestedregion": region[0],
            "aws:securetransport": "true",
        }
        known = {name: value for name, value in context.items() if value}
        return policies.judge(AuthorizationRequest(action=action, resource=resource, context=known))

    def advice(self, arn: str, action: str, resource: str | None, decision: Decision) -> str:
        """Return the change of the template that would allow the denied request."""
        role = self._roles[arn]
        if decision is Decision.DENIED:
            return f"a policy of {role.logical_id} denies it"
        if decision is Decision.NOT_IN_BOUNDARY:
            return f"the permissions boundary of {role.logical_id} does not allow it"
        named = as_template(resource, ids=self._ids, inside=folder(role.logical_id)) if resource else '"*"'
        return f"add to {role.logical_id}: {{Effect: Allow, Action: {action}, Resource: {named}}}"
