"""What every `RoomPresence` promises."""

import asyncio
import time

import pytest

from chat_core.domain.connection import ClientInfo, Connection
from chat_core.domain.room import LOBBY
from chat_core.errors import Unavailable
from tests.contract.test_sessions import INFOS
from tests.support.members import activated, joined, opened, present
from tests.support.stores import Stores


async def test_members_are_shown_with_user_and_info(stores: Stores) -> None:
    """Those that have not finished joining too: their own presence call must find them."""
    ada = Connection(id="a", codec="rich", user="ada", info={"name": "Ada"})
    nobody = Connection(id="b", codec="rich")
    await opened(stores, ada, nobody)
    await activated(stores, "one", ada)
    await joined(stores, "one", nobody)
    await stores.subscriptions.miss("one", ["a"], offset=1)
    assert await present(stores, "one") == [
        ClientInfo(user="ada", client="a", conn_info={"name": "Ada"}),
        ClientInfo(user="", client="b"),
    ]


@pytest.mark.parametrize("info", INFOS, ids=repr)
async def test_info_is_any_json_value(stores: Stores, info: object) -> None:
    """It comes out as it went in."""
    await stores.sessions.open(Connection(id="a", codec="rich", info=info), room="one")
    assert await present(stores, "one") == [ClientInfo(user="", client="a", conn_info=info)]


async def test_who_has_left_is_not_shown(stores: Stores) -> None:
    """However it left."""
    connections = [Connection(id=each, codec="rich") for each in ("a", "b", "c", "d")]
    await opened(stores, *connections)
    for each in connections:
        await activated(stores, "one", each)
    await stores.subscriptions.leave("one", "a", command=2)
    await stores.subscriptions.drop("one", ["b"])
    await stores.sessions.close(["c"])
    assert [each.client for each in await present(stores, "one")] == ["d"]
    assert await present(stores, "nobody") == []


async def test_every_page_of_a_large_room_is_read(stores: Stores) -> None:
    """Presence that stops at the first page shows a part as if it were all."""
    ids = [f"c{i:04}" for i in range(1200)]
    await stores.fill(ids)
    assert [each.client for each in await present(stores, LOBBY)] == ids


async def test_what_cannot_be_reached_is_unavailable(broken_stores: Stores) -> None:
    """A use case can tell its client to try again, whatever the store is made of."""
    with pytest.raises(Unavailable):
        await anext(broken_stores.presence.members(LOBBY))


@pytest.mark.parametrize("seconds", [0.2, -1.0], ids=["soon", "over"])
async def test_what_does_not_answer_is_unavailable_at_the_deadline(hanging_stores: Stores, seconds: float) -> None:
    """Before the function that asked is stopped; a store by itself waits far longer."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await anext(hanging_stores.presence.members(LOBBY, deadline=time.monotonic() + seconds))


async def test_time_that_is_left_changes_nothing(stores: Stores) -> None:
    """Reading takes a deadline, and is done long before it."""
    await stores.fill(["a"])
    deadline = time.monotonic() + 60
    assert [[each.client for each in page] async for page in stores.presence.members(LOBBY, deadline=deadline)] == [
        ["a"]
    ]
