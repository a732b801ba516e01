"""The command line of `local-aws`, which commands with more beside it share."""

import re
from pathlib import Path

import pytest

from entrypoints.local import cli as chat
from local_aws.cli import parse
from local_aws.options import Options

REPOSITORY = Path(__file__).parents[2]


def test_without_options_the_template_of_the_working_directory_runs() -> None:
    """As `sam local` does."""
    assert parse([]) == Options(template=Path("template.yaml"), port=3001)


def test_overrides_add_up_and_may_hold_equals_signs() -> None:
    """As the AWS CLI takes them."""
    options = parse(["--parameter-overrides", "A=1", "B=x=y", "--parameter-overrides", "C="])
    assert options.parameters == {"A": "1", "B": "x=y", "C": ""}


def test_edited_code_is_reloaded_unless_told_otherwise() -> None:
    """Comfort by default, steadiness for measurements."""
    assert parse([]).reload
    assert not parse(["--no-reload"]).reload


def test_functions_to_debug_add_up() -> None:
    """All are debugged where none is named."""
    assert parse(["--debug-port", "5678"]).debug_functions == ()
    options = parse(["--debug-port", "5678", "--debug-function", "A", "--debug-function", "B"])
    assert (options.debug_port, options.debug_functions) == (5678, ("A", "B"))


def test_guide_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    """And none that there is not."""
    with pytest.raises(SystemExit):
        chat.parse(["local", "--help"])
    offered = set(re.findall(r"--[a-z]+[a-z-]*[a-z]", capsys.readouterr().out)) - {"--help"}
    guide = (REPOSITORY / "docs" / "local_aws" / "guide.md").read_text(encoding="utf-8")
    table = "\n".join(line for line in guide.splitlines() if line.startswith("| `--"))
    assert set(re.findall(r"--[a-z]+[a-z-]*[a-z]", table)) == offered


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "abc"], "'abc' is not a port"),
        (["--port", "65536"], "'65536' is not a port"),
        (["--port", "-1"], "'-1' is not a port"),
        (["--debug-port", "0"], "a fixed port"),
        (["--debug-function", "F"], "--debug-function needs --debug-port"),
        (["--idle-timeout", "0"], "'0' is not a number of seconds above 0"),
        (["--connection-lifetime", "nan"], "'nan' is not a number of seconds above 0"),
        (["--parameter-overrides", "A"], "'A' is not of the form K=V"),
        (["--dynamodb-endpoint", "localhost:8000"], "is not an http:// or https:// URL"),
    ],
)
def test_mistake_is_told_at_once(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is started, with the usual exit status."""
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err
