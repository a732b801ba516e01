"""Joining rooms of a chat's stores, and seeing who is in them."""

from collections.abc import Sequence

from chat_core.domain.connection import ClientInfo, Connection, Group, Member, Waiting
from chat_core.ports import Before
from tests.support.stores import Stores

MOST_ROOMS = 100


async def opened(stores: Stores, *connections: Connection) -> None:
    """Open connections that are accepted."""
    for each in connections:
        await stores.sessions.open(each)
        assert await stores.sessions.accept(each, room="*")


async def joined(
    stores: Stores, room: str, connection: Connection, *, command: int = 1, most_rooms: int = MOST_ROOMS
) -> Before:
    """Make a connection a member that is not delivered to."""
    member = Member(connection=connection, command=command)
    return await stores.subscriptions.join(room, member, most_rooms=most_rooms)


async def activated(stores: Stores, room: str, connection: Connection, *, command: int = 1) -> None:
    """Make a connection a member that is delivered to."""
    member = Member(connection=connection, command=command)
    await stores.subscriptions.join(room, member, most_rooms=MOST_ROOMS)
    await stores.subscriptions.activate(room, [member])


async def groups(stores: Stores, room: str) -> dict[Group, list[str]]:
    """Return who is delivered to; no page may be empty."""
    found: dict[Group, list[str]] = {}
    async for page in stores.audience.pages(room):
        assert len(page)
        for group, ids in page.groups.items():
            found.setdefault(group, []).extend(ids)
    return {group: sorted(ids) for group, ids in found.items()}


async def active(stores: Stores, room: str) -> list[str]:
    """Return the ids of those that are delivered to."""
    return sorted(each for ids in (await groups(stores, room)).values() for each in ids)


async def waiting(stores: Stores, room: str) -> Sequence[Waiting]:
    """Return those that are not delivered to at present."""
    return [each async for page in stores.audience.pages(room) for each in page.waiting]


async def everyone(stores: Stores, room: str) -> list[tuple[str, str]]:
    """Return the ids of all members, with their codecs."""
    found = [(each, group.codec) for group, ids in (await groups(stores, room)).items() for each in ids]
    return sorted(found + [(each.connection_id, each.codec) for each in await waiting(stores, room)])


async def present(stores: Stores, room: str) -> list[ClientInfo]:
    """Return what others are shown of the members; no page may be empty."""
    found: list[ClientInfo] = []
    async for page in stores.presence.members(room):
        assert page
        found += page
    return sorted(found, key=lambda each: each.client)
