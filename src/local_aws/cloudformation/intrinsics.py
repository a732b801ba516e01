"""Normalises intrinsic functions, so that moto resolves them as CloudFormation does.

moto 5.2 resolves some spellings wrongly: `Fn::GetAtt` as one string, `Fn::Sub` of a nested stack's output, `Fn::Equals`
of a number and its text. Each is rewritten into one that it resolves correctly.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")


def text(value: Any) -> Any:
    """Return a scalar as the text that CloudFormation makes of it; return anything else unchanged."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def normalised(value: Any) -> Any:
    """Return a copy in the spellings that moto resolves correctly."""
    match value:
        case {"Fn::GetAtt": target, **rest} if not rest:
            return {"Fn::GetAtt": _attribute(target)}
        case {"Fn::Sub": argument, **rest} if not rest:
            return _join_of(argument)
        case {"Fn::Equals": [left, right]}:
            return {"Fn::Equals": [_as_text(left), _as_text(right)]}
        case dict():
            return {key: normalised(each) for key, each in value.items()}
        case list():
            return [normalised(each) for each in value]
    return value


def _attribute(target: Any) -> Any:
    if isinstance(target, str):
        return target.split(".", 1)
    if isinstance(target, list) and all(isinstance(part, str) for part in target):
        return [target[0], ".".join(target[1:])]
    return target


def _as_text(operand: Any) -> Any:
    return {"Fn::Join": ["", [normalised(operand)]]} if isinstance(operand, dict) else text(operand)


def _join_of(argument: Any) -> Any:
    template, given = argument if isinstance(argument, list) else (argument, {})
    parts = list(_parts(str(template), given))
    return "".join(parts) if all(isinstance(part, str) for part in parts) else {"Fn::Join": ["", parts]}


def _parts(template: str, given: Mapping[str, Any]) -> Iterator[Any]:
    end = 0
    for variable in _VARIABLE.finditer(template):
        yield template[end : variable.start()]
        end = variable.end()
        escaped, name = variable.group(1), variable.group(2).strip()
        if escaped:
            yield f"${{{variable.group(2)}}}"
        elif name in given:
            yield normalised(text(given[name]))
        elif "." in name:
            yield {"Fn::GetAtt": name.split(".", 1)}
        else:
            yield {"Ref": name}
    yield template[end:]


_CONDITIONS = ("And", "Equals", "If", "Not", "Or")
_VALUES = ("Base64", "FindInMap", "GetAZs", "GetAtt", "ImportValue", "Join", "Select", "Split", "Sub", "ToJsonString")
RESOLVED = frozenset(f"Fn::{name}" for name in (*_CONDITIONS, *_VALUES))
"""The functions that moto resolves."""


def unresolved(value: Any) -> Iterator[str]:
    """Yield each function in a normalised value that moto would leave unresolved."""
    match value:
        case {"Fn::FindInMap": [_, _, _, _, *_]}:
            yield "Fn::FindInMap with a default"
        case dict():
            for name, each in value.items():
                if name.startswith("Fn::") and name not in RESOLVED:
                    yield name
                yield from unresolved(each)
        case list():
            for each in value:
                yield from unresolved(each)


def references(value: Any) -> Iterator[str]:
    """Yield each name that a normalised value refers to by Ref or Fn::GetAtt, except pseudo parameters."""
    match value:
        case {"Ref": str(name)}:
            if not name.startswith("AWS::"):
                yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case dict():
            for each in value.values():
                yield from references(each)
        case list():
            for each in value:
                yield from references(each)


def conditions_used(value: Any) -> Iterator[str]:
    """Yield each condition that a value refers to by `Fn::If` or `Condition`."""
    match value:
        case {"Fn::If": [str(name), *branches]}:
            yield name
            yield from conditions_used(branches)
        case {"Condition": str(name), **rest} if not rest:
            yield name
        case dict():
            for each in value.values():
                yield from conditions_used(each)
        case list():
            for each in value:
                yield from conditions_used(each)
