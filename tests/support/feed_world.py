"""The world in which the feed of a room is gone through: publishers, joiners, workers, deaths, and leases that run out.

The use cases are the product's own, over its adapters in memory.
"""

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.memory import MemoryRoomFeed, MemoryRoomHistory, MemoryRooms, MemoryWakeUps
from chat_core import Budget, Chat, Connection, Frame, GivenPorts, Ids, Member, Outcomes, RoomOptions, Rooms
from tests.support.clocks import HandClock
from tests.support.interleaving import Gate, Process, Steps

ROOM = "r"
OPTIONS = Rooms(without_namespace=RoomOptions(allow_publish_for_client=True))
LEASE = 10.0


class NamedIds(Ids):
    """Ids that are the same in each run."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._count = 0

    def new(self) -> str:
        self._count += 1
        return f"{self._process}-{self._count}"


async def sleep(seconds: float) -> None:
    """Sleep as a step, which may come at any time."""
    await Gate(f"sleep {seconds}")


class Sink:
    """Keeps what each client received."""

    def __init__(self) -> None:
        self.received: dict[str, list[dict[str, Any]]] = {}

    async def deliver(self, *, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        for each in connection_ids:
            self.received.setdefault(each, []).extend(json.loads(line) for line in payload.split("\n"))
        return Outcomes(delivered=len(connection_ids))

    async def disconnect(self, *, connection_ids: Sequence[str], deadline: float) -> Sequence[str]:
        return connection_ids


@dataclass
class FeedWorld:
    """A room with a member, some publishers, and one that joins."""

    publishers: int
    joiners: int
    deaths: int
    slow: int
    """How many leases may run out under a deliverer that lives."""
    late: bool = True
    """Whether a reply may be sent before the delivery is done."""
    processes: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = HandClock()
        self.rooms = MemoryRooms(clock=self.clock.now)
        self.feed = MemoryRoomFeed(clock=self.clock.now, lease=LEASE, new_epoch=lambda: "e")
        self.history = MemoryRoomHistory(clock=self.clock.now)
        self.wake_ups = MemoryWakeUps()
        self.sink = Sink()
        self._prepare()
        for number in range(self.publishers):
            self._send(f"p{number}", {"id": 1, "publish": {"channel": ROOM, "data": f"p{number}"}})
        for number in range(self.joiners):
            self._send(f"j{number}", {"id": 1, "subscribe": {"channel": ROOM}})

    def choices(self) -> list[Hashable]:
        found: list[Hashable] = [
            ("step", process.name, number)
            for process in self.processes
            for number, label in process.waiting()
            if self.late or not label.startswith("sleep")
        ]
        if self.deaths:
            found += [("die", each.name) for each in self.processes if not each.ended]
        holder = self._holder()
        if self._lease_runs():
            if holder is None or holder.ended:
                found.append(("lease ends",))
            elif self.slow:
                found.append(("lease ends early",))
        elif self.wake_ups.waiting:
            found.append(("wake",))
        return found

    def choose(self, choice: Any) -> None:
        feed = self.feed._feeds[ROOM]
        match choice:
            case ("step", name, number):
                self._named(name).step(number)
            case ("die", name):
                self.deaths -= 1
                process = self._named(name)
                process.dead = True
                if name.startswith("w"):
                    # A queue gives its message to another.
                    self.wake_ups.waiting.append((ROOM, 0))
            case ("lease ends",):
                feed.until = 0.0
            case ("lease ends early",):
                self.slow -= 1
                feed.until = 0.0
            case ("wake",):
                # The clock stands still, so that states can be compared: what was noted for later has come now.
                self.wake_ups.waiting.popleft()
                feed.wake_up_at = 0.0
                process = Process(f"w{len(self.processes)}")
                self.processes.append(process)
                process.start(self._chat(process).drain_room(ROOM, Budget()))

    def key(self) -> Hashable:
        feed = self.feed._feeds[ROOM]
        return (
            repr(feed),
            repr(self.rooms._rooms),
            repr(sorted(self.history._rooms.get(ROOM, {}))),
            repr(self.sink.received),
            # Whatever one that has ended has seen, it does nothing any more.
            tuple((each.name, each.dead, each.ended or (each.seen, *each.waiting())) for each in self.processes),
            tuple(self.wake_ups.waiting),
            self.deaths,
            self.slow,
        )

    def check(self) -> None:
        for client in ("member", *self._joined()):
            # Whatever its reply spoke of counts as received: a repetition of that is one like any other.
            received = [*range(1, self._told(client) + 1), *self._offsets(client)]
            first = list(dict.fromkeys(received))
            assert first == list(range(1, len(first) + 1)), f"{client} received {received}"

    def check_end(self) -> None:
        feed = self.feed._feeds[ROOM]
        if feed.pending or feed.joiners:
            # What a dead deliverer alone knew of may wait for the next that comes by.
            assert any(each.dead for each in self.processes), "left behind, and nobody died"
            for number in range(self.publishers):
                if self._acknowledged(f"p{number}"):
                    assert f"p{number}" in self._data("member"), f"p{number} was acknowledged, and not delivered"
            return
        assert list(dict.fromkeys(self._offsets("member"))) == list(range(1, feed.top + 1)), (
            "the member lacks something"
        )
        for joiner in self._joined():
            if not self._asked_again(joiner) and not self._named(joiner).dead:
                have = {*range(1, self._told(joiner) + 1), *self._offsets(joiner)}
                assert len(have) == feed.top, f"{joiner} lacks something"

    def _prepare(self) -> None:
        process = Process("preparation")

        async def prepare() -> None:
            await self.feed.stream(ROOM)
            names = ["member", *(f"p{i}" for i in range(self.publishers)), *(f"j{i}" for i in range(self.joiners))]
            for each in names:
                connection = Connection(id=each, codec="centrifuge")
                await self.rooms.open(connection)
                await self.rooms.accept(connection, room="*")
            member = Member(connection=Connection(id="member", codec="centrifuge"), command=1)
            await self.rooms.join(ROOM, member, most_rooms=10)
            await self.rooms.activate(ROOM, [member])

        process.start(prepare())
        assert process.ended

    def _send(self, name: str, command: dict[str, Any]) -> None:
        process = Process(name)
        self.processes.append(process)
        frame = Frame(connection_id=name, text=json.dumps(command), opened_at=self.clock.now())
        process.start(self._chat(process).receive_frame(frame, Budget()))

    def _chat(self, process: Process) -> Chat:
        prefetched = False

        def is_quiet(name: str, more: dict[str, Any]) -> bool:
            """Return whether a call belongs to the step before it.

            A publisher reads the audience as early as can be, which is the worst: what it has read is the oldest then.
            Its reply reaches nobody else, and a note that is missing leads to a second wake-up, which is harmless.
            """
            nonlocal prefetched
            if name == "pages" and not prefetched and process.name.startswith("p"):
                prefetched = True
                return True
            return name == "note_wake_up" or (
                more.get("connection_ids") == [process.name] and process.name.startswith("p")
            )

        rooms = Steps(process, self.rooms, quiet=is_quiet)
        ports = GivenPorts(
            sessions=self.rooms,
            subscriptions=rooms,
            audience=rooms,
            presence=rooms,
            feed=Steps(process, self.feed, quiet=is_quiet),
            history=Steps(process, self.history),
            sink=Steps(process, self.sink, quiet=is_quiet),
            start_task=process.start,
            sleep=sleep,
            clock=self.clock,
            ids=NamedIds(process.name),
            wake_ups=Steps(process, self.wake_ups),
            rooms=OPTIONS,
        )
        return Chat(ports)

    def _named(self, name: str) -> Process:
        return next(each for each in self.processes if each.name == name)

    def _holder(self) -> Process | None:
        name = self.feed._feeds[ROOM].holder.partition("-")[0]
        return next((each for each in self.processes if each.name == name), None)

    def _lease_runs(self) -> bool:
        feed = self.feed._feeds[ROOM]
        return bool(feed.holder) and feed.until > self.clock.now()

    def _pushes(self, client: str) -> list[dict[str, Any]]:
        return [each["push"] for each in self.sink.received.get(client, ()) if "push" in each]

    def _offsets(self, client: str) -> list[int]:
        return [each["pub"]["offset"] for each in self._pushes(client) if "pub" in each]

    def _data(self, client: str) -> list[str]:
        return [each["pub"]["data"] for each in self._pushes(client) if "pub" in each]

    def _asked_again(self, client: str) -> bool:
        return any("unsubscribe" in each for each in self._pushes(client))

    def _acknowledged(self, client: str) -> bool:
        return any("publish" in each for each in self.sink.received.get(client, ()))

    def _joined(self) -> list[str]:
        names = [each.name for each in self.processes if each.name.startswith("j")]
        return [each for each in names if any("subscribe" in one for one in self.sink.received.get(each, ()))]

    def _told(self, client: str) -> int:
        replies = [each["subscribe"] for each in self.sink.received.get(client, ()) if "subscribe" in each]
        return int(replies[0].get("offset", 0)) if replies else 0
