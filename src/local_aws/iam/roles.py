"""What the roles of a stack may do, and how a person is told what they may not."""

from collections.abc import Sequence
from functools import lru_cache

from local_aws.config import RoleConfig
from local_aws.iam.names import PhysicalIds, as_template, folder
from local_aws.iam.policies import AuthorizationRequest, Decision, Policies


class Roles:
    """Judges by the policies of roles. One that is not the template's, or not wholly here, may do anything."""

    def __init__(self, roles: Sequence[RoleConfig], *, ids: PhysicalIds) -> None:
        self._ids = ids
        # The same few questions are asked again and again, but for the keys of objects.
        self.judge = lru_cache(maxsize=4096)(self._judge)
        self.replace(roles)

    def replace(self, roles: Sequence[RoleConfig]) -> None:
        """Judge by these roles from now on."""
        self._roles = {each.arn: each for each in roles}
        self._policies = {
            each.arn: Policies(each.policies, boundary=each.boundary) for each in roles if not each.elsewhere
        }
        self.judge.cache_clear()

    @property
    def notices(self) -> list[str]:
        """What of the policies is not judged as on AWS, for a person to read."""
        foreign = [
            f"Not enforced here, the permissions of {each.logical_id}: it has {', '.join(each.elsewhere)}"
            for each in self._roles.values()
            if each.elsewhere
        ]
        unsupported = [
            f"Not understood here, {what}: its statement of {self._roles[arn].logical_id} counts for nothing"
            for arn, policies in self._policies.items()
            for what in policies.unsupported
        ]
        return foreign + list(dict.fromkeys(unsupported))

    def __contains__(self, arn: str) -> bool:
        """Tell whether a role's policies are known."""
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
        """Return what has to change in the template for a role to be allowed what it was not."""
        role = self._roles[arn]
        if decision is Decision.DENIED:
            return f"a policy of {role.logical_id} denies it"
        if decision is Decision.NOT_IN_BOUNDARY:
            return f"the permissions boundary of {role.logical_id} does not allow it"
        named = as_template(resource, ids=self._ids, inside=folder(role.logical_id)) if resource else '"*"'
        return f"add to {role.logical_id}: {{Effect: Allow, Action: {action}, Resource: {named}}}"
