"""The numbers of docs/local_aws/gateway.md, compared with those in the docstrings of the gateway's tests."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "local_aws" / "gateway.md"
NUMBER = r"\d+(?:\.\d+)?"


def documented() -> list[tuple[int, ...]]:
    """Return the numbers of the rows of the tables, such as `(1, 12)`."""
    rows = re.findall(rf"^\| ({NUMBER}) \| .+ \| (?:fact|choice) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [_number(row) for row in rows]


def named_by_tests() -> set[tuple[int, ...]]:
    """Return the numbers in parentheses at the end of the tests' docstrings."""
    numbers: set[tuple[int, ...]] = set()
    for path in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                named = re.search(rf"\(({NUMBER}(?:, {NUMBER})*)\)\.?$", ast.get_docstring(node) or "")
                numbers |= {_number(each) for each in named[1].split(", ")} if named else set()
    return numbers


def _number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def test_every_documented_behaviour_is_named_by_a_test() -> None:
    """A behaviour without a test can change unnoticed, and a number without a row means nothing."""
    assert named_by_tests() == set(documented())


def test_every_row_of_the_page_is_a_behaviour_in_its_place() -> None:
    """A malformed row would be skipped."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| *\d", line)]
    assert len(documented()) == len(rows)
    assert documented() == sorted(documented())
