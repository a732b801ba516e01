"""The policies that Lambda authorizers return.

They are evaluated like the policies of roles, but their form is checked strictly: a document with an unsupported part
fails the authorizer. To ignore the part would allow or deny something that its author did not mean.
"""

from typing import Any

from local_aws.iam.policies import AuthorizationRequest, Decision, Policies

_KEYS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource"})


class MalformedPolicy(Exception):
    """The document is not a policy that an authorizer may return; the text says why."""


def allows(document: Any, *, action: str, resource: str) -> bool:
    """Return whether a policy document allows an action on a resource.

    Raises:
        MalformedPolicy: the document is not a policy, or has an element that is not supported here (`Condition`,
            `Principal`).

    """
    if not isinstance(document, dict):
        raise MalformedPolicy("policyDocument is not an object")
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise MalformedPolicy("policyDocument has no Statement")
    for each in statements:
        if not isinstance(each, dict):
            raise MalformedPolicy("a Statement is not an object")
        if unknown := each.keys() - _KEYS:
            raise MalformedPolicy(f"a Statement has elements that are not supported: {', '.join(sorted(unknown))}")
    policies = Policies([document])
    if policies.unsupported:
        raise MalformedPolicy(policies.unsupported[0])
    return policies.judge(AuthorizationRequest(action=action, resource=resource, context={})) is Decision.ALLOWED
