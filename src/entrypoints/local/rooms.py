"""The check of a file of rooms, with its place and its reason for whatever is wrong."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from chat_core.domain.room_settings import WrongSettings, read_rooms

REPOSITORY: Final = Path(__file__).parents[3]
ROOMS_FILE: Final = REPOSITORY / "rooms.json"
SCHEMA_FILE: Final = REPOSITORY / "rooms.schema.json"


def check_rooms(path: Path) -> None:
    """Check a file as the functions read it, and against the schema.

    Raises:
        WrongSettings: it is missing, no JSON, or not as the schema has it. The text names the file, the place in it,
            and the reason.

    """
    settings = _parsed(path)
    try:
        # First, since its reasons are made for people. Those of the schema name regular expressions.
        read_rooms(settings)
    except WrongSettings as exc:
        raise WrongSettings(path.name, str(exc)) from exc
    _check_by_schema(path, settings)


def _parsed(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except WrongSettings as exc:
        raise WrongSettings(path.name, str(exc)) from exc
    except OSError as exc:
        raise WrongSettings(path.name, exc.strerror or "cannot be read") from exc
    except (ValueError, RecursionError) as exc:
        raise WrongSettings(path.name, f"is not JSON: {exc}") from exc


def _once(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's members. JSON allows a name twice, and of two values one would be lost."""
    found: dict[str, Any] = {}
    for name, value in members:
        if name in found:
            raise WrongSettings(name, "is there twice in one object")
        found[name] = value
    return found


def _check_by_schema(path: Path, settings: object) -> None:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - half of the time of `chat --help`

    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    for fault in Draft202012Validator(schema).iter_errors(settings):
        place = fault.json_path.removeprefix("$").removeprefix(".")
        raise WrongSettings(f"{path.name}: {place}" if place else path.name, fault.message)
