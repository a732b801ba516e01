"""The policy that a Lambda authorizer returns, judged as IAM judges one: pure.

A statement counts where both its action and its resource match; one that denies outweighs any that allow, and where
none counts the answer is no. Source: IAM User Guide, "Policy evaluation logic".
"""

import re
from collections.abc import Callable
from typing import Any

from local_aws.iam.wildcards import compiled

_KEYS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource"})


class MalformedPolicy(Exception):
    """What was returned is no policy; the text says why."""


def allows(document: Any, *, action: str, resource: str) -> bool:
    """Tell whether a policy document allows an action on a resource.

    Raises:
        MalformedPolicy: It is none, or asks for what is not understood here (`Condition`, `Principal`): to pass over
            that would be to allow or to deny what its author did not.

    """
    if not isinstance(document, dict):
        raise MalformedPolicy("policyDocument is not an object")
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise MalformedPolicy("policyDocument has no Statement")
    effects = {_effect(each) for each in statements if _applies(each, action, resource)}
    return effects == {"Allow"}


def _applies(statement: Any, action: str, resource: str) -> bool:
    if not isinstance(statement, dict):
        raise MalformedPolicy("a Statement is not an object")
    if unknown := statement.keys() - _KEYS:
        raise MalformedPolicy(f"a Statement has what is not understood: {', '.join(sorted(unknown))}")
    _effect(statement)
    # Both are read, whatever the first says: a malformed policy is one for every request.
    matches = (_matches(statement, "Action", action, _action), _matches(statement, "Resource", resource, _resource))
    return all(matches)


def _effect(statement: dict[str, Any]) -> str:
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise MalformedPolicy("Effect is neither Allow nor Deny")
    return str(effect)


def _matches(statement: dict[str, Any], name: str, value: str, pattern: Callable[[str], re.Pattern[str]]) -> bool:
    negated = f"Not{name}" in statement
    if negated == (name in statement):
        raise MalformedPolicy(f"a Statement has either {name} or Not{name}")
    patterns = statement[f"Not{name}" if negated else name]
    if isinstance(patterns, str):
        patterns = [patterns]
    if not isinstance(patterns, list) or not all(isinstance(each, str) for each in patterns):
        raise MalformedPolicy(f"{name} is neither text nor a list of texts")
    return negated != any(pattern(each).fullmatch(value) for each in patterns)


def _action(pattern: str) -> re.Pattern[str]:
    return compiled(pattern, ignore_case=True)


def _resource(pattern: str) -> re.Pattern[str]:
    return compiled(pattern)
