"""Evaluates the policies of a role as IAM does. Pure.

A statement applies if its action, its resource and its condition match. A deny outweighs any allow; if no statement
applies, the request is denied; a permissions boundary has to allow it as well. Source: IAM User Guide, "Policy
evaluation logic".
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from local_aws.iam import condition_operators
from local_aws.iam.condition_operators import Context
from local_aws.iam.wildcards import compiled

Document = Mapping[str, Any]


class Decision(Enum):
    """The decision about a request. The values are the reasons in AWS's messages."""

    ALLOWED = ""
    NOT_ALLOWED = "no identity-based policy allows the {} action"
    DENIED = "an explicit deny in an identity-based policy"
    NOT_IN_BOUNDARY = "no permissions boundary allows the {} action"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """The parts of a request that policies depend on."""

    action: str
    resource: str | None
    """An ARN, or `*` for an action without a resource. None if it is unknown: then the action alone decides."""
    context: Context


class Policies:
    """All the policies of one role: inline, attached, and the permissions boundary if it has one."""

    def __init__(self, documents: Iterable[Document], *, boundary: Document | None = None) -> None:
        self.unsupported: list[str] = []
        """The unsupported parts, as text for the log. Statements with such a part are ignored."""
        self._statements = [each for document in documents for each in self._read(document)]
        self._boundary = None if boundary is None else list(self._read(boundary))

    def judge(self, request: AuthorizationRequest) -> Decision:
        """Return the decision for a request of the role."""
        effects = _effects(self._statements, request)
        bounds = {"Allow"} if self._boundary is None else _effects(self._boundary, request)
        if "Deny" in effects | bounds:
            return Decision.DENIED
        if not effects:
            return Decision.NOT_ALLOWED
        return Decision.ALLOWED if bounds else Decision.NOT_IN_BOUNDARY

    def _read(self, document: Document) -> Iterable["_Statement"]:
        statements = document.get("Statement", [])
        for each in [statements] if isinstance(statements, Mapping) else statements:
            statement = _Statement(each)
            if statement.unsupported:
                self.unsupported += statement.unsupported
            else:
                yield statement


class _Statement:
    def __init__(self, statement: Mapping[str, Any]) -> None:
        self.effect = statement.get("Effect")
        self._condition: Mapping[str, Any] = statement.get("Condition") or {}
        self.unsupported = condition_operators.unsupported(self._condition)
        if self.effect not in ("Allow", "Deny"):
            self.unsupported.append(f"the effect {self.effect}")
        self._action = self._element(statement, "Action", lambda text: compiled(text, ignore_case=True))
        self._resource = self._element(statement, "Resource", compiled)

    def counts(self, request: AuthorizationRequest) -> bool:
        """Return whether the statement applies to the request."""
        return (
            self._action.matches(request.action, request.context)
            and self._concerns(request)
            and condition_operators.holds(self._condition, request.context)
        )

    def _concerns(self, request: AuthorizationRequest) -> bool:
        if request.resource is None:
            # If the resource is unknown, any allow applies, but a deny only if it covers all resources.
            return self.effect == "Allow" or self._resource.has_all
        return self._resource.matches(request.resource, request.context)

    def _element(
        self, statement: Mapping[str, Any], name: str, pattern: Callable[[str], re.Pattern[str]]
    ) -> "_Patterns":
        negated = f"Not{name}" in statement
        if negated and name in statement:
            self.unsupported.append(f"a statement with both {name} and Not{name}")
        wanted = statement.get(f"Not{name}" if negated else name)
        texts = [wanted] if isinstance(wanted, str) else wanted
        if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
            self.unsupported.append(f"a statement without {name}")
            texts = []
        return _Patterns(texts, negated=negated, pattern=pattern)


class _Patterns:
    def __init__(self, texts: list[str], *, negated: bool, pattern: Callable[[str], re.Pattern[str]]) -> None:
        self._texts = texts
        self._negated = negated
        self._pattern = pattern

    @property
    def has_all(self) -> bool:
        return not self._negated and "*" in self._texts

    def matches(self, value: str, context: Context) -> bool:
        return self._negated != any(self._matches(each, value, context) for each in self._texts)

    def _matches(self, text: str, value: str, context: Context) -> bool:
        if "${" in text:
            text = _VARIABLE.sub(lambda variable: _value(variable[1], context), text)
        return self._pattern(text).fullmatch(value) is not None


_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_ESCAPES = {"*": "*", "?": "?", "$": "$"}
_NOTHING = "\0"
"""A character that no ARN has: a pattern with a variable without a value matches nothing, as on AWS."""


def _value(variable: str, context: Context) -> str:
    name, _, default = variable.partition(",")
    fallback = default.strip().strip("'") if default else _NOTHING
    return _ESCAPES.get(name) or context.get(name.strip().lower(), fallback)


def _effects(statements: Iterable[_Statement], request: AuthorizationRequest) -> set[Any]:
    return {each.effect for each in statements if each.counts(request)}
