"""The policies of a role, judged as IAM judges them: pure.

A statement counts where its action, its resource and its condition match. One that denies outweighs any that allow;
where none counts the answer is no; a permissions boundary has to allow as well. Source: IAM User Guide, "Policy
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
    """What policies say about a request; the values are the reasons that AWS gives."""

    ALLOWED = ""
    NOT_ALLOWED = "no identity-based policy allows the {} action"
    DENIED = "an explicit deny in an identity-based policy"
    NOT_IN_BOUNDARY = "no permissions boundary allows the {} action"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """One request, as far as policies look at it."""

    action: str
    resource: str | None
    """An ARN, or `*` for an action that has no resource; None where nobody here can tell: then the action decides."""
    context: Context


class Policies:
    """All the policies of one role: inline, attached, and the boundary where there is one."""

    def __init__(self, documents: Iterable[Document], *, boundary: Document | None = None) -> None:
        self.unsupported: list[str] = []
        """What cannot be judged here, for a person to read; the statements that have it count for nothing."""
        self._statements = [each for document in documents for each in self._read(document)]
        self._boundary = None if boundary is None else list(self._read(boundary))

    def judge(self, request: AuthorizationRequest) -> Decision:
        """Say whether the role may."""
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
        """Tell whether the statement is about the request."""
        return (
            self._action.matches(request.action, request.context)
            and self._concerns(request)
            and condition_operators.holds(self._condition, request.context)
        )

    def _concerns(self, request: AuthorizationRequest) -> bool:
        if request.resource is None:
            # A permission for some resource is taken for the one that is meant, a ban only where it is for all.
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
"""Is in no ARN, so that a pattern with a variable that has no value matches nothing, as on AWS."""


def _value(variable: str, context: Context) -> str:
    name, _, default = variable.partition(",")
    fallback = default.strip().strip("'") if default else _NOTHING
    return _ESCAPES.get(name) or context.get(name.strip().lower(), fallback)


def _effects(statements: Iterable[_Statement], request: AuthorizationRequest) -> set[Any]:
    return {each.effect for each in statements if each.counts(request)}
