"""Rooms."""

from typing import Final

LOBBY: Final = "lobby"
"""The room that every connection is in from its start to its end: a room like any other."""
