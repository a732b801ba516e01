"""`rooms.json`: what it may say, and what is refused, with its place and its reason."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from chat_core import RoomOptions, Rooms
from chat_core.domain.room_settings import WrongSettings, read_rooms

REPOSITORY = Path(__file__).parents[2]
SCHEMA = json.loads((REPOSITORY / "rooms.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

GOOD: list[Any] = [
    {},
    {"$schema": "x"},
    {"without_namespace": {}},
    {"without_namespace": {"history_size": 0, "history_ttl": "0s"}},
    {"namespaces": [{"name": "a1", "history_ttl": "1h30m", "allow_publish_for_client": True}, {"name": "b-_.2"}]},
]
WRONG: list[tuple[Any, str]] = [
    ([], "must be an object"),
    ({"rooms": {}}, "rooms: is unknown"),
    ({"without_namespace": []}, "without_namespace: must be an object"),
    ({"without_namespace": {"history": 1}}, "without_namespace.history: is unknown"),
    ({"without_namespace": {"history_size": -1}}, "without_namespace.history_size: must be a whole number from 0"),
    ({"without_namespace": {"history_size": 10_001}}, "without_namespace.history_size: must be a whole number"),
    ({"without_namespace": {"history_size": 1.5}}, "without_namespace.history_size: must be a whole number"),
    ({"without_namespace": {"history_size": True}}, "without_namespace.history_size: must be a whole number"),
    ({"without_namespace": {"history_ttl": 60}}, "without_namespace.history_ttl: must be a duration"),
    ({"without_namespace": {"history_ttl": ""}}, "without_namespace.history_ttl: must be a duration"),
    ({"without_namespace": {"history_ttl": "1d"}}, "without_namespace.history_ttl: must be a duration"),
    ({"without_namespace": {"history_ttl": "\u0661h"}}, "without_namespace.history_ttl: must be a duration"),
    ({"without_namespace": {"history_ttl": "9999999999h"}}, "without_namespace.history_ttl: must be a duration"),
    ({"without_namespace": {"presence": "yes"}}, "without_namespace.presence: must be true or false"),
    ({"namespaces": {}}, "namespaces: must be a list"),
    ({"namespaces": [1]}, "namespaces[0]: must be an object"),
    ({"namespaces": [{}]}, "namespaces[0].name: must be two or more"),
    ({"namespaces": [{"name": "a"}]}, "namespaces[0].name: must be two or more"),
    ({"namespaces": [{"name": "caf\u00e9"}]}, "namespaces[0].name: must be two or more"),
    ({"namespaces": [{"name": "a:b"}]}, "namespaces[0].name: must be two or more"),
]


@pytest.mark.parametrize("settings", GOOD, ids=str)
def test_settings_that_the_schema_has_are_read(settings: Any) -> None:
    """The schema is what an editor shows; the functions read by themselves."""
    VALIDATOR.validate(settings)
    assert isinstance(read_rooms(settings), Rooms)


@pytest.mark.parametrize(("settings", "reason"), WRONG, ids=str)
def test_settings_that_the_schema_refuses_are_refused(settings: Any, reason: str) -> None:
    """With the place."""
    assert not VALIDATOR.is_valid(settings)
    with pytest.raises(WrongSettings) as refused:
        read_rooms(settings)
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"namespaces": [{"name": "aa"}, {"name": "aa"}]}, "namespaces[1].name: is that of another one: aa"),
        (
            {"without_namespace": {"history_size": 5.0}},
            "without_namespace.history_size: must be a whole number from 0 to 10,000",
        ),
        ({"without_namespace": {"history_ttl": "721h"}}, "without_namespace.history_ttl: must be at most 720h"),
    ],
    ids=str,
)
def test_what_a_schema_cannot_say_is_refused_all_the_same(settings: Any, reason: str) -> None:
    """Two of one name, a sum, and 5.0, which JSON Schema takes for an integer."""
    with pytest.raises(WrongSettings) as refused:
        read_rooms(settings)
    assert str(refused.value) == reason


SIZES = st.one_of(st.integers(-2, 10_002), st.sampled_from([True, None, 1.5, "5", 10**30]))
TTLS = st.one_of(st.text("0123456789hms", max_size=8), st.sampled_from([60, None, "", "1h 1m", "+1h", "1d", "-1s"]))
FLAGS = st.sampled_from([True, False, None, 0, 1, "true"])
OPTIONS = st.fixed_dictionaries(
    {},
    optional={"history_size": SIZES, "history_ttl": TTLS, "presence": FLAGS, "join_leave": FLAGS, "historysize": SIZES},
)
NAMES = st.one_of(st.text("aZ0-_.:$ \u00e9", max_size=4), st.sampled_from([None, 5, "a" * 300]))
NAMESPACE = st.builds(lambda options, name: options | {"name": name}, OPTIONS, NAMES)
SETTINGS = st.fixed_dictionaries(
    {}, optional={"without_namespace": OPTIONS, "namespaces": st.lists(NAMESPACE, max_size=3), "lobby": OPTIONS}
)


def refusal(asked: Any) -> str | None:
    """Return why the functions would not take it, or None if they would."""
    try:
        read_rooms(asked)
    except WrongSettings as exc:
        return str(exc)
    return None


@given(SETTINGS)
@settings(deadline=None)
def test_what_is_read_is_what_the_schema_has(asked: Any) -> None:
    """The schema must not promise an editor what the functions refuse, nor the reverse."""
    reason = refusal(asked)
    if VALIDATOR.is_valid(asked):
        assert reason is None or "is that of another one" in reason or "must be at most" in reason
    else:
        assert reason is not None


def test_options_are_those_of_the_file() -> None:
    """What is missing has its default."""
    settings = {
        "without_namespace": {"presence": False},
        "namespaces": [{"name": "aa", "history_size": 7, "history_ttl": "1h30m5s"}],
    }
    rooms = read_rooms(settings)
    assert rooms.options("lobby") == RoomOptions(presence=False)
    assert rooms.options("aa:x") == RoomOptions(history_size=7, history_ttl=5405)
    assert rooms.options("$aa:x") == rooms.options("aa:x")


def test_schema_is_one() -> None:
    """A validator takes whatever it does not know for valid."""
    Draft202012Validator.check_schema(SCHEMA)
    of_rooms, of_namespaces = SCHEMA["properties"]["without_namespace"], SCHEMA["properties"]["namespaces"]["items"]
    options = {name: {"$ref": f"#/$defs/{name}"} for name in SCHEMA["$defs"]}
    assert of_rooms["properties"] == options
    assert {name: each for name, each in of_namespaces["properties"].items() if name != "name"} == options


def test_schema_describes_every_option_with_its_default() -> None:
    """An editor shows them."""
    options = SCHEMA["$defs"]
    assert set(options) == set(RoomOptions.__dataclass_fields__)
    assert all(each["description"] for each in options.values())
    defaults = {name: each["default"] for name, each in options.items()}
    assert read_rooms({"without_namespace": defaults}) == Rooms()


def test_document_has_every_option_with_its_default() -> None:
    """A person decides by it."""
    text = (REPOSITORY / "docs" / "rooms.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `?([^|`]+)`? \|", text, flags=re.MULTILINE)
    assert {name: json.loads(default) for name, default in rows} == {
        name: each["default"] for name, each in SCHEMA["$defs"].items()
    }


def test_rooms_of_this_repository() -> None:
    """They are what a chat wants: a hundred messages for a day, and who is there."""
    settings = json.loads((REPOSITORY / "rooms.json").read_text(encoding="utf-8"))
    VALIDATOR.validate(settings)
    lobby = read_rooms(settings).options("lobby")
    assert (lobby.history_size, lobby.history_ttl, lobby.presence) == (100, 86400, True)
