"""Pretty-printed JSON."""

import json

import pytest

from local_aws.dev.json_printer import LONGEST_TEXT, WIDTH, layout


def shown(value: object) -> str:
    return layout(json.dumps(value).encode())


@pytest.mark.parametrize("value", [{}, [], None, 1.5, "text", {"a": [1, {"b": None}]}])
def test_what_fits_is_one_line(value: object) -> None:
    """Scalars have JSON's own notation."""
    assert shown(value) == json.dumps(value)


def test_what_does_not_fit_is_broken_and_filled() -> None:
    """Short values share lines, and the output is still the same JSON."""
    value = {"first": {f"key{n}": "x" * 12 for n in range(20)}, "list": list(range(60)), "last": True}
    text = shown(value)
    assert json.loads(text) == value
    assert max(map(len, text.splitlines())) <= WIDTH
    assert len(text.splitlines()) == 15


def test_long_text_is_shortened_and_says_by_how_much() -> None:
    """A message may have 128 KB."""
    text = shown({"body": "x" * 1000, "n": 1})
    assert "x" * LONGEST_TEXT + f'" (and {1000 - LONGEST_TEXT} more characters)' in text
    assert "x" * (LONGEST_TEXT + 1) not in text


def test_characters_that_steer_a_terminal_are_escaped() -> None:
    """Clients choose the content of messages; other letters stay readable."""
    assert shown("\x1b[31mred \x9b31m") == '"\\u001b[31mred \\u009b31m"'
    assert shown("héllo ✓") == '"héllo ✓"'


@pytest.mark.parametrize("document", [b"not JSON", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_shown_as_text(document: bytes) -> None:
    """A function may return anything."""
    assert layout(document).startswith('"')
