"""Evaluates the `Condition` of a policy statement. Pure.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Conditions with multiple context keys or
values". Every operator has to hold for each of its keys. One matching value is enough; for a negated operator, no
value may match.
"""

from collections.abc import Callable, Mapping
from typing import Any

from local_aws.iam.wildcards import compiled

Context = Mapping[str, str]
"""The values of condition keys. The keys are in lower case, because they are case-insensitive."""

KNOWN_KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:userid",
    }
)
"""The supported keys. Whether a request on AWS has any other key cannot be known here."""

_ARN_PARTS = 6


def _arn_like(value: str, pattern: str) -> bool:
    """Compare the parts of an ARN one by one: no wildcard matches a colon, except in the last part."""
    values, patterns = value.split(":", _ARN_PARTS - 1), pattern.split(":", _ARN_PARTS - 1)
    pairs = zip(values, patterns, strict=False)
    return len(values) == len(patterns) and all(compiled(wanted).fullmatch(part) for part, wanted in pairs)


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": lambda value, wanted: compiled(wanted).fullmatch(value) is not None,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
}
_NEGATED = {
    name.replace("String", "StringNot", 1).replace("Arn", "ArnNot", 1): name for name in _OPERATORS if name != "Bool"
}


def unsupported(condition: Mapping[str, Any]) -> list[str]:
    """Return the unsupported operators and keys of a condition, as text for the log."""
    found = []
    for operator, keys in condition.items():
        name = _base(operator)
        if name != "Null" and name not in _OPERATORS and name not in _NEGATED:
            found.append(f"the condition operator {operator}")
        found += [f"the condition key {key}" for key in keys if key.lower() not in KNOWN_KEYS]
    return found


def holds(condition: Mapping[str, Any], context: Context) -> bool:
    """Return whether a condition holds. A condition with an unsupported part never does."""
    if unsupported(condition):
        return False
    return all(
        _holds(operator, context.get(key.lower()), _texts(wanted))
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, value: str | None, wanted: list[str]) -> bool:
    name = _base(operator)
    if name == "Null":
        return any((value is None) == (each.lower() == "true") for each in wanted)
    if value is None:
        return operator.endswith("IfExists") or operator.startswith("ForAllValues:") or name in _NEGATED
    matches = _OPERATORS[_NEGATED.get(name, name)]
    return (name in _NEGATED) != any(matches(value, each) for each in wanted)


def _base(operator: str) -> str:
    """Return the operator without its set prefix: all supported keys have one value, so `ForAll` equals `ForAny`."""
    return operator.removeprefix("ForAllValues:").removeprefix("ForAnyValue:").removesuffix("IfExists")


def _texts(wanted: Any) -> list[str]:
    values = wanted if isinstance(wanted, list) else [wanted]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
