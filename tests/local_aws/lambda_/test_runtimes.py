"""The notice about another Python version than the template's."""

import sys
from pathlib import Path

import pytest

from local_aws.config import FunctionConfig
from local_aws.lambda_.runtimes import runtime_notice


def functions(*runtimes: str) -> list[FunctionConfig]:
    return [
        FunctionConfig(name="f", arn="f", logical_id="F", handler="app.handler", runtime=runtime, code=Path())
        for runtime in runtimes
    ]


@pytest.fixture(autouse=True)
def _python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend to run on Python 3.12."""

    class Version(tuple[int, ...]):
        major, minor = 3, 12

    monkeypatch.setattr(sys, "version_info", Version((3, 12)))


def test_other_pythons_are_named_once_each() -> None:
    """There is one line for any number of functions."""
    notice = runtime_notice(functions("python3.13", "python3.12", "python3.11", "python3.13"))
    assert notice == "Functions for python3.11 and python3.13 run on Python 3.12 here"


def test_same_python_is_not_worth_a_line() -> None:
    """A template without functions needs no notice either."""
    assert runtime_notice(functions("python3.12")) is None
    assert runtime_notice([]) is None
