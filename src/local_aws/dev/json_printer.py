"""Pretty-prints JSON: as many values on a line as fit, and long strings shortened."""

import json
from typing import Any

WIDTH = 118
"""Columns; wider values are broken into lines."""
LONGEST_TEXT = 400
"""Maximum number of characters of a string."""
_INDENT = 2


def layout(document: bytes) -> str:
    """Pretty-print a JSON document; return anything else as a quoted string."""
    try:
        return _value(json.loads(document), indent=_INDENT, room=WIDTH - _INDENT)
    except (ValueError, RecursionError):
        return _text(document.decode("utf-8", "replace"))


def _value(value: Any, *, indent: int, room: int) -> str:
    line = _line(value)
    if len(line) <= room or not isinstance(value, dict | list) or not value:
        return line
    margin = " " * (indent + _INDENT)
    if isinstance(value, dict):
        parts = [_member(name, item, indent) for name, item in value.items()]
        opening, closing = "{", "}"
    else:
        parts = [_value(item, indent=indent + _INDENT, room=WIDTH - len(margin) - 1) for item in value]
        opening, closing = "[", "]"
    lines = _filled(parts, room=WIDTH - len(margin) - 1)
    return f"{opening}\n{margin}" + f",\n{margin}".join(lines) + f"\n{' ' * indent}{closing}"


def _filled(parts: list[str], *, room: int) -> list[str]:
    """Join single-line parts on the same line."""
    lines: list[str] = []
    for part in parts:
        last = lines[-1] if lines else "\n"
        if "\n" in last + part or len(last) + len(part) + 2 > room:
            lines.append(part)
        else:
            lines[-1] = f"{last}, {part}"
    return lines


def _member(name: str, item: Any, indent: int) -> str:
    key = f"{_text(name)}: "
    inner = indent + _INDENT
    # A comma may follow.
    return key + _value(item, indent=inner, room=WIDTH - inner - len(key) - 1)


def _line(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{_text(name)}: {_line(item)}" for name, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_line, value)) + "]"
        case str():
            return _text(value)
    return json.dumps(value)


def _text(text: str) -> str:
    """Quote a string; in ASCII if it has characters that a terminal could interpret as commands."""
    shown = text[:LONGEST_TEXT]
    quoted = json.dumps(shown, ensure_ascii=not shown.isprintable())
    return quoted if shown == text else f"{quoted} (and {len(text) - len(shown)} more characters)"
