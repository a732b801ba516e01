"""The check of a file of rooms: what a person who edited it reads."""

import json
from pathlib import Path

import pytest

from chat_core.domain.room_settings import WrongSettings
from entrypoints.local import rooms
from entrypoints.local.rooms import ROOMS_FILE, SCHEMA_FILE, check_rooms


def refusal(path: Path) -> str:
    """Return why the file is refused."""
    with pytest.raises(WrongSettings) as refused:
        check_rooms(path)
    return str(refused.value)


def test_file_of_this_repository_is_right() -> None:
    """It names its schema, by which an editor completes and checks it."""
    check_rooms(ROOMS_FILE)
    named = json.loads(ROOMS_FILE.read_text(encoding="utf-8"))["$schema"]
    assert (ROOMS_FILE.parent / named).resolve() == SCHEMA_FILE


def test_functions_read_this_file_from_their_folder() -> None:
    """`chat local`, `sam build` and an embedder take `src/` as it is."""
    assert (ROOMS_FILE.parent / "src" / "rooms.json").resolve() == ROOMS_FILE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "rooms.json: is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[" * 100_000, "rooms.json: is not JSON: maximum recursion depth exceeded"),
        ("[]", "rooms.json: must be an object"),
        ('{"without_namespace": {"histroy_size": 1}}', "rooms.json: without_namespace.histroy_size: is unknown"),
        (
            '{"namespaces": [{"name": "news"}, {"name": "talk", "history_size": -1}]}',
            "rooms.json: namespaces[1].history_size: must be a whole number from 0 to 10,000",
        ),
        (
            '{"namespaces": [{"name": "news"}, {"name": "news"}]}',
            "rooms.json: namespaces[1].name: is that of another one: news",
        ),
        (
            '{"without_namespace": {"presence": true, "presence": false}}',
            "rooms.json: presence: is there twice in one object",
        ),
    ],
    ids=["empty", "deep", "no object", "unknown option", "out of bounds", "two of a name", "an option twice"],
)
def test_mistake_is_told_with_the_file_the_place_and_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    """So that a person can correct it."""
    path = tmp_path / "rooms.json"
    path.write_text(text, encoding="utf-8")
    assert refusal(path).startswith(reason)


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """JSON is UTF-8 (RFC 8259, section 8.1)."""
    path = tmp_path / "rooms.json"
    path.write_text("{}", encoding="utf-16")
    assert refusal(path).startswith("rooms.json: is not JSON: 'utf-8' codec can't decode")


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """The path may be mistyped, or lead to a folder."""
    assert refusal(tmp_path / "nowhere.json") == "nowhere.json: No such file or directory"
    assert refusal(tmp_path) == f"{tmp_path.name}: Is a directory"


def test_schema_has_the_last_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it ever forbids more than the functions do, an editor and a build still agree."""
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    schema["$defs"]["history_size"]["maximum"] = 10
    stricter, path = tmp_path / "rooms.schema.json", tmp_path / "rooms.json"
    stricter.write_text(json.dumps(schema), encoding="utf-8")
    path.write_text('{"namespaces": [{"name": "news", "history_size": 11}]}', encoding="utf-8")
    check_rooms(path)
    monkeypatch.setattr(rooms, "SCHEMA_FILE", stricter)
    assert refusal(path) == "rooms.json: namespaces[0].history_size: 11 is greater than the maximum of 10"
