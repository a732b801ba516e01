"""The command line of `chat`."""

import pytest

from entrypoints.local.cli import parse
from entrypoints.local.options import DEFAULT_TEMPLATE, ChatOptions
from local_aws.options import Options


def test_without_options_the_chats_own_template_runs_on_its_usual_port() -> None:
    """`make run` is all that a newcomer types."""
    emulator = Options(template=DEFAULT_TEMPLATE, port=3001, stack_name="chat-local")
    assert parse(["local"]) == ChatOptions(emulator=emulator, page_port=None)


def test_any_free_port_for_the_api_means_any_for_the_page_too() -> None:
    """Two stacks side by side must not meet on the page's."""
    assert parse(["local", "--port", "0"]).page_port == 0
    assert parse(["local", "--port", "0", "--page-port", "4000"]).page_port == 4000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["local", "--page-port", "abc"], "'abc' is not a port"),
        (["local", "--debug-function", "F"], "--debug-function needs --debug-port"),
    ],
)
def test_mistake_is_told_at_once(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is started, with the usual exit status."""
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err
