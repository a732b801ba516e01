"""The command line of `chat`."""

from pathlib import Path

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
        (["local", "--rooms", "nowhere.json"], "error: nowhere.json: No such file or directory"),
    ],
)
def test_mistake_is_told_at_once(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is started, with the usual exit status."""
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_functions_are_told_which_file_of_rooms_they_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function runs in another folder than the person who typed the path. An edit of the file is taken over."""
    monkeypatch.chdir(tmp_path)
    Path("mine.json").write_text("{}", encoding="utf-8")
    emulator = parse(["local", "--rooms", "mine.json"]).emulator
    assert emulator.environment == {"ROOMS_FILE": str(tmp_path / "mine.json")}
    assert emulator.function_files == {tmp_path / "mine.json"}


def test_wrong_file_of_rooms_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is started: the functions could not handle a single frame."""
    path = tmp_path / "mine.json"
    path.write_text('{"namespaces": [{"name": "news", "presence": 1}]}', encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        parse(["local", "--rooms", str(path)])
    assert caught.value.code == 2
    assert "chat local: error: mine.json: namespaces[0].presence: must be true or false\n" in capsys.readouterr().err
