"""The functions, on adapters that keep everything here."""

import math
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from adapters.memory import MemoryRooms
from chat_core import AudiencePage, Connection, RoomOptions, Rooms, Session, Unavailable
from tests.support.functions import Functions, functions_on, memory_ports


@pytest.fixture
def functions() -> Iterator[Functions]:
    """Return the functions in a chat that nobody is in."""
    with functions_on(memory_ports()) as functions:
        yield functions


@pytest.fixture
def announcing() -> Iterator[Functions]:
    """Return the functions in a chat whose rooms are told who joins and leaves."""
    rooms = Rooms(without_namespace=RoomOptions(join_leave=True, force_push_join_leave=True))
    with functions_on(memory_ports() | {"rooms": rooms}) as functions:
        yield functions


class UnreachableRooms(MemoryRooms):
    """Fails like a table that is not there."""

    async def open(self, connection: Connection, *, room: str | None = None, deadline: float = math.inf) -> None:
        raise Unavailable("internal detail")

    async def close(self, connection_ids: Sequence[str], *, deadline: float = math.inf) -> Sequence[Session]:
        raise Unavailable("internal detail")

    async def find(self, connection_id: str, *, deadline: float = math.inf) -> Session | None:
        raise Unavailable("The chat's table could not be reached.")

    async def pages(self, room: str, *, cursor: str = "", deadline: float = math.inf) -> AsyncIterator[AudiencePage]:
        raise Unavailable("internal detail")
        yield AudiencePage(groups={}, next_cursor="")


@pytest.fixture
def broken() -> Iterator[Functions]:
    """Return the functions without a table."""
    with functions_on(memory_ports(UnreachableRooms())) as functions:
        yield functions
