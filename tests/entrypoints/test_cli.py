"""The command line of `chat`."""

import re

import pytest

from entrypoints.local.cli import parse
from entrypoints.local.options import DEFAULT_TEMPLATE, REPOSITORY, Options


def test_without_options_the_chats_own_template_runs_on_its_usual_port() -> None:
    """`make run` is all that a newcomer types."""
    assert parse(["local"]) == Options(template=DEFAULT_TEMPLATE, port=3001, page_port=None)


def test_any_free_port_for_the_api_means_any_for_the_page_too() -> None:
    """Two stacks side by side must not meet on the page's."""
    assert parse(["local", "--port", "0"]).page_port == 0
    assert parse(["local", "--port", "0", "--page-port", "4000"]).page_port == 4000


def test_overrides_add_up_and_may_hold_equals_signs() -> None:
    """As the AWS CLI takes them."""
    options = parse(["local", "--parameter-overrides", "A=1", "B=x=y", "--parameter-overrides", "C="])
    assert options.parameters == {"A": "1", "B": "x=y", "C": ""}


def test_edited_code_is_reloaded_unless_told_otherwise() -> None:
    """Comfort by default, steadiness for measurements."""
    assert parse(["local"]).reload
    assert not parse(["local", "--no-reload"]).reload


def test_functions_to_debug_add_up() -> None:
    """All are debugged where none is named."""
    assert parse(["local", "--debug-port", "5678"]).debug_functions == ()
    options = parse(["local", "--debug-port", "5678", "--debug-function", "A", "--debug-function", "B"])
    assert (options.debug_port, options.debug_functions) == (5678, ("A", "B"))


def test_guide_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    """And none that there is not."""
    with pytest.raises(SystemExit):
        parse(["local", "--help"])
    offered = set(re.findall(r"--[a-z]+[a-z-]*[a-z]", capsys.readouterr().out)) - {"--help"}
    guide = (REPOSITORY / "docs" / "local.md").read_text(encoding="utf-8")
    table = "\n".join(line for line in guide.splitlines() if line.startswith("| `--"))
    assert set(re.findall(r"--[a-z]+[a-z-]*[a-z]", table)) == offered


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["local", "--port", "abc"], "'abc' is no port"),
        (["local", "--port", "65536"], "'65536' is no port"),
        (["local", "--port", "-1"], "'-1' is no port"),
        (["local", "--debug-port", "0"], "a port that is known"),
        (["local", "--debug-function", "F"], "--debug-function needs --debug-port"),
        (["local", "--idle-timeout", "0"], "'0' is no number of seconds above 0"),
        (["local", "--connection-lifetime", "nan"], "'nan' is no number of seconds above 0"),
        (["local", "--parameter-overrides", "A"], "'A' is not of the form K=V"),
        (["local", "--dynamodb-endpoint", "localhost:8000"], "is not an http:// or https:// URL"),
    ],
)
def test_mistake_is_told_at_once(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is started, with the usual exit status."""
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err
