"""Values of mapping templates: text, numbers, lists and maps, with the methods and operators that Java gives them.

Everything that makes text or collections is charged to a budget, since one expression can double what another made.
"""

import json
import operator
import re
from collections.abc import Callable, Sized
from dataclasses import dataclass
from typing import Any, TypeVar

_LONG = 2**63
Made = TypeVar("Made", bound=Sized)
_NAMES = {str: "text", list: "list", dict: "map", bool: "truth value"}
_METACHARACTERS = frozenset(".^$*+?()[]{}|")


class VelocityError(ValueError):
    """A template cannot be run: it is wrong, asks for what is not known here, or does too much."""


@dataclass
class Budget:
    """What a parse or a rendering may still use."""

    steps: int = 50_000
    """Elements parsed or evaluated; 50,000 evaluations take less than 0.2 s."""
    characters: int = 2_000_000
    """Characters and list items made, those that are thrown away included. A message has at most 131,072."""

    def step(self) -> None:
        """Count a step.

        Raises:
            VelocityError: There have been too many.

        """
        self.steps -= 1
        if self.steps < 0:
            raise VelocityError("the mapping template does too much")

    def charge(self, made: Made) -> Made:
        """Count what was made, and return it.

        Raises:
            VelocityError: It is too much.

        """
        self.spend(len(made))
        return made

    def spend(self, characters: int) -> None:
        """Count characters that are about to be made; raise VelocityError if they are too many."""
        self.characters -= characters
        if self.characters < 0:
            raise VelocityError("the mapping template makes too much text")


class Functions(dict[str, Any]):
    """A variable with functions, such as `$util`; its plain values are those of the map."""

    def __init__(self, functions: dict[str, Callable[..., Any]], **values: Any) -> None:
        """Take the functions, called with the budget and the arguments, and the values."""
        super().__init__(values)
        self.functions = functions


def as_text(value: Any, budget: Budget) -> str:
    """Return a value as it appears in the output: JSON for lists and maps, nothing for null."""
    if value is None or isinstance(value, Functions):
        return ""
    return budget.charge(value) if isinstance(value, str) else as_json(value, budget)


def as_json(value: Any, budget: Budget) -> str:
    """Return a value as compact JSON. A list that contains another twice doubles, so that each part is charged."""
    encoder, parts = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")), []
    for part in encoder.iterencode(value):
        # Each part takes time, and most are one character long.
        budget.spend(len(part) + 8)
        parts.append(part)
    return "".join(parts)


def as_key(value: Any) -> str:
    """Return a key of a map as text, as JSON has it."""
    if isinstance(value, (list, dict)):
        raise VelocityError("a list or map cannot be the key of a map")
    return value if isinstance(value, str) else json.dumps(value)


def is_true(value: Any) -> bool:
    """Return whether a condition holds. In Velocity 1.7 only null and false do not: 0 and empty text are true."""
    return value is not None and value is not False


def call_method(value: Any, name: str, arguments: list[Any], budget: Budget) -> Any:
    """Call a method of a value; one of null is null.

    Raises:
        VelocityError: The value has no such method here, or not with these arguments.

    """
    if value is None:
        return None
    if isinstance(value, Functions):
        if name not in value.functions:
            raise VelocityError(f"the function {name} is not known here; {', '.join(value.functions)} are")
        return _called(value.functions[name], name, value, arguments, budget)
    found = _METHODS[type(value)].get(name) if type(value) in _METHODS else None
    if found is None:
        raise VelocityError(f"the method {name} of a {_NAMES.get(type(value), 'number')} is not known here")
    return _called(found, name, value, arguments, budget)


def _called(found: Callable[..., Any], name: str, value: Any, arguments: list[Any], budget: Budget) -> Any:
    try:
        return found(budget, value, *arguments)
    except (TypeError, AttributeError, IndexError) as exc:
        raise VelocityError(f"the method {name} cannot be called like this: {exc}") from exc


def _literal(pattern: str) -> str:
    """Return the text that a regular expression stands for.

    A pattern with operators is refused: Python cannot bound how long one runs.
    """
    found = re.sub(r"\\(\W)", r"\1", pattern, flags=re.ASCII)
    plain = re.sub(r"\\\W", "", pattern, flags=re.ASCII)
    if "\\" in plain or not _METACHARACTERS.isdisjoint(plain):
        raise VelocityError(f"only patterns without operators are known here, not {pattern!r}")
    return found


def _replace(budget: Budget, text: str, old: str, new: str) -> str:
    if not old:
        raise VelocityError("the text to replace is empty")
    budget.spend(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _replace_all(budget: Budget, text: str, pattern: str, new: str) -> str:
    if "$" in re.sub(r"\\.", "", new):
        raise VelocityError("groups in a replacement are not known here")
    return _replace(budget, text, _literal(pattern), re.sub(r"\\(.)", r"\1", new))


def _split(budget: Budget, text: str, pattern: str) -> list[str]:
    budget.charge(text)
    parts = text.split(_literal(pattern))
    while len(parts) > 1 and not parts[-1]:
        # Java's split drops empty strings at the end.
        parts.pop()
    return budget.charge(parts)


def _entries(budget: Budget, found: dict[str, Any]) -> list[Any]:
    return budget.charge([{"key": key, "value": value} for key, value in found.items()])


def _put(budget: Budget, found: dict[str, Any], key: Any, value: Any) -> Any:
    before = found.get(as_key(key))
    found[budget.charge(as_key(key))] = value
    return before


def _put_all(budget: Budget, found: dict[str, Any], others: dict[str, Any]) -> None:
    budget.spend(len(others))
    found.update(others)


def _add(_: Budget, found: list[Any], value: Any) -> bool:
    found.append(value)
    return True


def _add_all(budget: Budget, found: list[Any], values: list[Any]) -> bool:
    found.extend(budget.charge(list(values)))
    return True


def _set(_: Budget, found: list[Any], index: int, value: Any) -> Any:
    before, found[index] = found[index], value
    return before


def _get(_: Budget, found: list[Any], index: int) -> Any:
    if index < 0:
        raise IndexError("a negative index")
    return found[index]


def _index(budget: Budget, found: list[Any], value: Any) -> int:
    return next((at for at, each in enumerate(found) if equal(each, value, budget)), -1)


def equal(left: Any, right: Any, budget: Budget) -> bool:
    """Compare as Velocity 1.7 does: numbers by value, null with null, everything else by its text."""
    budget.step()
    if left is None or right is None:
        return left is right
    if _is_number(left) and _is_number(right):
        return bool(left == right)
    return as_text(left, budget) == as_text(right, budget)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _plus(left: Any, right: Any, budget: Budget) -> Any:
    if isinstance(left, str) or isinstance(right, str):
        return budget.charge(as_text(left, budget) + as_text(right, budget))
    return _arithmetic(operator.add)(left, right, budget)


def _arithmetic(apply: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Budget], Any]:
    """Return an operator of numbers; of anything else it makes null, as does a division by zero."""

    def applied(left: Any, right: Any, _: Budget) -> Any:
        if not (_is_number(left) and _is_number(right)):
            return None
        try:
            found = apply(left, right)
        except (ZeroDivisionError, OverflowError):
            return None
        if isinstance(found, int) and not -_LONG <= found < _LONG:
            raise VelocityError("a number that does not fit into 64 bits")
        return found

    return applied


def _divide(left: Any, right: Any) -> Any:
    """Divide; whole numbers round towards zero, as in Java."""
    if isinstance(left, float) or isinstance(right, float):
        return left / right
    found = abs(left) // abs(right)
    return found if (left < 0) == (right < 0) else -found


def _remainder(left: Any, right: Any) -> Any:
    return left - right * _divide(left, right) if isinstance(left, int) and isinstance(right, int) else None


def _compare(apply: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Budget], Any]:
    return lambda left, right, _: _is_number(left) and _is_number(right) and apply(left, right)


_COMPARISONS = {
    **dict.fromkeys(("<", "lt"), _compare(operator.lt)),
    **dict.fromkeys(("<=", "le"), _compare(operator.le)),
    **dict.fromkeys((">", "gt"), _compare(operator.gt)),
    **dict.fromkeys((">=", "ge"), _compare(operator.ge)),
    **dict.fromkeys(("==", "eq"), equal),
    **dict.fromkeys(("!=", "ne"), lambda left, right, budget: not equal(left, right, budget)),
}
OPERATORS: dict[str, Callable[[Any, Any, Budget], Any]] = {
    **_COMPARISONS,
    **dict.fromkeys(("&&", "and"), lambda left, right, _: is_true(left) and is_true(right)),
    **dict.fromkeys(("||", "or"), lambda left, right, _: is_true(left) or is_true(right)),
    "+": _plus,
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(_divide),
    "%": _arithmetic(_remainder),
}
"""By their symbols; each is called with both operands and the budget."""

_ANY: dict[str, Callable[..., Any]] = {
    "toString": lambda budget, value: as_text(value, budget),
    "equals": lambda budget, value, other: equal(value, other, budget),
}
_METHODS: dict[type, dict[str, Callable[..., Any]]] = {
    str: _ANY
    | {
        "length": lambda _, text: len(text),
        "isEmpty": lambda _, text: not text,
        "contains": lambda budget, text, part: part in budget.charge(text),
        "startsWith": lambda _, text, part: text.startswith(part),
        "endsWith": lambda _, text, part: text.endswith(part),
        "equalsIgnoreCase": lambda budget, text, other: budget.charge(text).casefold() == other.casefold(),
        "indexOf": lambda budget, text, part: budget.charge(text).find(part),
        "lastIndexOf": lambda budget, text, part: budget.charge(text).rfind(part),
        "substring": lambda budget, text, start, end=None: budget.charge(text[start:end]),
        "concat": lambda budget, text, other: budget.charge(text + other),
        "toLowerCase": lambda budget, text: budget.charge(text.lower()),
        "toUpperCase": lambda budget, text: budget.charge(text.upper()),
        "trim": lambda budget, text: budget.charge(text.strip()),
        "replace": _replace,
        "replaceAll": _replace_all,
        "split": _split,
    },
    list: _ANY
    | {
        "size": lambda _, found: len(found),
        "isEmpty": lambda _, found: not found,
        "get": _get,
        "set": _set,
        "add": _add,
        "addAll": _add_all,
        "contains": lambda budget, found, value: _index(budget, found, value) >= 0,
        "indexOf": _index,
    },
    dict: _ANY
    | {
        "size": lambda _, found: len(found),
        "isEmpty": lambda _, found: not found,
        "get": lambda _, found, key: found.get(as_key(key)),
        "put": _put,
        "putAll": _put_all,
        "remove": lambda _, found, key: found.pop(as_key(key), None),
        "containsKey": lambda _, found, key: as_key(key) in found,
        "keySet": lambda budget, found: budget.charge(list(found)),
        "values": lambda budget, found: budget.charge(list(found.values())),
        "entrySet": _entries,
        # Those of an entry.
        "getKey": lambda _, found: found.get("key"),
        "getValue": lambda _, found: found.get("value"),
    },
    int: _ANY,
    float: _ANY,
    bool: _ANY,
}
