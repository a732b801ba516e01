"""The options of rooms as a file has them: `rooms.json` at the root of the repository."""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from chat_core.domain.room import RoomOptions, Rooms

MAX_HISTORY_SIZE: Final = 10_000
MAX_HISTORY_SECONDS: Final = 30 * 24 * 60 * 60
"""A room in which nothing was said for longer may be forgotten with its history, as Centrifugo has it by default
(`channel.history_meta_ttl`)."""
_NAMESPACE: Final = re.compile(r"[-a-zA-Z0-9_.]{2,}\Z")
"""As Centrifugo has it (`channel.namespaces[].name`)."""
_DURATION: Final = re.compile(r"(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?\Z")
"""Go's text of a duration, as far as Centrifugo takes whole seconds, with the largest unit first."""
_KINDS: Final = {each.name: each.type for each in fields(RoomOptions)}


class WrongSettings(ValueError):
    """The settings cannot be used. The text names the place and the reason."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}" if place else reason)


def read_rooms(settings: object) -> Rooms:
    """Return the options of rooms.

    Args:
        settings: What the JSON file holds: `without_namespace`, an object of options, and `namespaces`, a list of
            objects with a `name` and options. Both may be missing. An option that is missing has its default.

    Raises:
        WrongSettings: something is of the wrong type, out of bounds or unknown.

    """
    members = _object(settings, "")
    _only(members, {"$schema", "without_namespace", "namespaces"}, "")
    namespaces: dict[str, RoomOptions] = {}
    listed = members.get("namespaces", [])
    if not isinstance(listed, list):
        raise WrongSettings("namespaces", "must be a list")
    for number, each in enumerate(listed):
        place = f"namespaces[{number}]"
        given = _object(each, place)
        name = given.get("name")
        if not isinstance(name, str) or not _NAMESPACE.match(name):
            raise WrongSettings(f"{place}.name", "must be two or more of the letters, digits and -_. that ASCII has")
        if name in namespaces:
            raise WrongSettings(f"{place}.name", f"is that of another one: {name}")
        namespaces[name] = _options({key: value for key, value in given.items() if key != "name"}, place)
    without = _options(_object(members.get("without_namespace", {}), "without_namespace"), "without_namespace")
    return Rooms(without_namespace=without, namespaces=namespaces)


def _options(given: Mapping[str, Any], place: str) -> RoomOptions:
    _only(given, _KINDS, place)
    return RoomOptions(**{name: _value(name, value, f"{place}.{name}") for name, value in given.items()})


def _value(name: str, value: object, place: str) -> Any:
    if name == "history_ttl":
        return _seconds(value, place)
    if name == "history_size":
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_HISTORY_SIZE:
            raise WrongSettings(place, f"must be a whole number from 0 to {MAX_HISTORY_SIZE:,}")
        return value
    if not isinstance(value, bool):
        raise WrongSettings(place, "must be true or false")
    return value


def _seconds(value: object, place: str) -> int:
    """Return the seconds of a duration as Go writes them, of whole hours, minutes and seconds."""
    found = _DURATION.match(value) if isinstance(value, str) and value else None
    if found is None:
        raise WrongSettings(place, 'must be a duration such as "24h", "10m" or "1h30m"')
    hours, minutes, seconds = (int(each or 0) for each in found.groups())
    total = (hours * 60 + minutes) * 60 + seconds
    if total > MAX_HISTORY_SECONDS:
        raise WrongSettings(place, f"must be at most {MAX_HISTORY_SECONDS // 3600}h")
    return total


def _object(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise WrongSettings(place, "must be an object")
    return value


def _only(given: Mapping[str, Any], known: "Mapping[str, Any] | set[str]", place: str) -> None:
    for name in given:
        if name not in known:
            raise WrongSettings(f"{place}.{name}" if place else name, "is unknown")
