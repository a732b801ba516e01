"""The functions of a busy room, each in a process of its own, as each execution environment of Lambda is.

They are the real handlers with the real adapters. What is put round two of their parts measures: the client of DynamoDB
adds up the capacity that each answer says it consumed, and the sink notes when it delivered what.
"""

import heapq
import json
import logging
import math
import queue
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from typing import TYPE_CHECKING, Any, NamedTuple

from aws_client import JsonClient, ServiceError
from chat_core import Budget, MessageSink, WakeUps
from chat_core.domain.outcome import Outcomes
from tests.support import events

if TYPE_CHECKING:
    from entrypoints.aws_lambda.container import Container

ROOM = "busy"
MESSAGE_BYTES = 200
INVOCATION_SECONDS = 28
"""What API Gateway leaves to an integration (its quotas table), less a margin."""
_READS = frozenset({"GetItem", "Query", "BatchGetItem"})

Delivery = tuple[float, float, str, int]
"""When it began and ended, the payload, and how many took it."""


class Job(NamedTuple):
    """What the processes do: each takes the next number, waits until it is due, and handles it."""

    kind: str
    numbers: int
    rate: float
    """Numbers a second; infinite if all are due at once."""
    seconds: float
    """After how many seconds no number is taken any more."""
    senders: Sequence[str]
    """The connections that the events come from, in turn."""
    epoch: str = ""
    """Of the stream, for clients that come back."""
    offset: int = 0
    """The last one that clients that come back have."""


@dataclass
class Measured:
    """What one process has measured."""

    deliveries: list[Delivery] = field(default_factory=list)
    units: Counter[str] = field(default_factory=Counter)
    """Capacity units, by `read` and `write`."""
    calls: Counter[str] = field(default_factory=Counter)
    """Requests to DynamoDB, by operation."""
    refused: int = 0
    cpu: float = 0.0


class Shared(NamedTuple):
    """What the processes share."""

    begins_at: "Synchronized[float]"
    """When the first number is due; 0 as long as not all have started."""
    started: "Synchronized[int]"
    taken: "Synchronized[int]"
    """The next number."""
    wake_ups: "Queue[Any]"
    results: "Queue[Any]"


def serve(job: Job, shared: Shared) -> None:
    """Be a function: handle events until there are no more; then put what was measured into `results`."""
    measured, container = _prepared(shared.wake_ups)
    handle = _HANDLERS[job.kind](job, container)
    begins_at = _began(shared)
    before, taken = time.process_time(), shared.taken
    while True:
        with taken.get_lock():
            number = taken.value
            taken.value += 1
        due = begins_at + number / job.rate
        if number >= job.numbers or time.monotonic() >= begins_at + job.seconds:
            break
        _sleep_until(due)
        measured.refused += not handle(number, due)
    measured.cpu = time.process_time() - before
    shared.results.put(measured)


def drain(shared: Shared) -> None:
    """Be the worker behind the queue of wake-ups, until None comes; then put what was measured into `results`."""
    measured, container = _prepared(shared.wake_ups)
    drain_room, run = container.chat().drain_room, container.runner().run
    _began(shared)
    before = time.process_time()
    waiting: list[tuple[float, str]] = []
    while True:
        try:
            timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
            wake_up = shared.wake_ups.get(timeout=timeout)
            if wake_up is None:
                break
            heapq.heappush(waiting, wake_up)
        except queue.Empty:
            run(drain_room(heapq.heappop(waiting)[1], _budget()))
    measured.cpu = time.process_time() - before
    shared.results.put(measured)


def frame_of(number: int, due: float) -> dict[str, Any]:
    """Return the data of a message: 200 bytes, which say when it was to be published."""
    data = {"n": number, "due": due, "text": ""}
    return data | {"text": "x" * (MESSAGE_BYTES - len(json.dumps(data, separators=(",", ":"))))}


def _publish(job: Job, _container: "Container") -> Callable[[int, float], bool]:
    """Handle a publication of one client after the other."""
    from entrypoints.aws_lambda.default import handler  # noqa: PLC0415 - it makes its parts when it is imported

    def handle(number: int, due: float) -> bool:
        publish = {"id": number + 10, "publish": {"channel": ROOM, "data": frame_of(number, due)}}
        sender = job.senders[number % len(job.senders)]
        event = events.message(json.dumps(publish, separators=(",", ":")), "$default", sender)
        return bool(handler(event, _Context())["statusCode"] == 200)

    return handle


def _post_each(_job: Job, container: "Container") -> Callable[[int, float], bool]:
    """Deliver each message by itself: read the room, post to everyone, through the same adapters."""
    from chat_core.domain.events import MessagePublished  # noqa: PLC0415 - after the parts were replaced

    audience, sink, run = container.audience(), container.sink(), container.runner().run
    codec = container.chat().codecs.named("centrifuge")
    if codec is None:
        raise LookupError("centrifuge")

    async def post(number: int, due: float) -> None:
        event = MessagePublished(room=ROOM, data=frame_of(number, due), offset=number + 1)
        payload = codec.encode_event(event) or ""
        deadline = _budget().deadline
        async for page in audience.pages(ROOM, deadline=deadline):
            ids = [each for group in page.groups.values() for each in group]
            await sink.deliver(payload=payload, connection_ids=ids, deadline=deadline)

    def handle(number: int, due: float) -> bool:
        run(post(number, due))
        return True

    return handle


def _recover(job: Job, _container: "Container") -> Callable[[int, float], bool]:
    """Handle the first frame of a client that comes back: it connects, and recovers what it missed."""
    from entrypoints.aws_lambda.default import handler  # noqa: PLC0415 - it makes its parts when it is imported

    since = {"recover": True, "epoch": job.epoch, "offset": job.offset}
    frame = "\n".join(
        json.dumps(each) for each in ({"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": ROOM, **since}})
    )

    def handle(number: int, _due: float) -> bool:
        event = events.message(frame, "$default", job.senders[number])
        return bool(handler(event, _Context())["statusCode"] == 200)

    return handle


PUBLISH, POST_EACH, RECOVER = "one deliverer", "each by itself", "recover"
_HANDLERS: Mapping[str, Callable[[Job, "Container"], Callable[[int, float], bool]]] = {
    PUBLISH: _publish,
    POST_EACH: _post_each,
    RECOVER: _recover,
}


def _prepared(wake_ups: "Queue[Any]") -> "tuple[Measured, Container]":
    """Return the container of this process with what measures in it."""
    from dependency_injector import providers  # noqa: PLC0415 - of the function, not of the benchmark

    from entrypoints.aws_lambda.container import container  # noqa: PLC0415

    logging.disable(logging.WARNING)
    measured = Measured()
    container.dynamodb_client.override(providers.Object(CountingClient(container.dynamodb_client(), measured)))
    container.sink.override(providers.Object(_NotingSink(container.sink(), measured.deliveries)))
    container.wake_ups.override(providers.Object(_QueuedWakeUps(wake_ups)))
    return measured, container


class CountingClient:
    """Asks for the consumed capacity of each request, and adds it up.

    A write whose condition did not hold has no such figure in its answer: it is counted by the size of the item, as
    DynamoDB charges for it (developer guide, "Capacity unit consumption for write operations").
    """

    def __init__(self, client: JsonClient, measured: Measured) -> None:
        self._client = client
        self._measured = measured

    async def call(self, operation: str, request: Mapping[str, Any], *, deadline: float = math.inf) -> dict[str, Any]:
        """Call the operation."""
        kind = "read" if operation in _READS else "write"
        self._measured.calls[operation] += 1
        try:
            answer = await self._client.call(
                operation, {**request, "ReturnConsumedCapacity": "TOTAL"}, deadline=deadline
            )
        except ServiceError as exc:
            self._measured.units[kind] += math.ceil(len(json.dumps(exc.item)) / 1024)
            raise
        consumed = answer.get("ConsumedCapacity") or []
        for each in consumed if isinstance(consumed, list) else [consumed]:
            self._measured.units[kind] += each["CapacityUnits"]
        return answer


class _NotingSink(MessageSink):
    def __init__(self, sink: MessageSink, deliveries: list[Delivery]) -> None:
        self._sink = sink
        self._deliveries = deliveries

    async def deliver(self, *, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        began = time.monotonic()
        outcomes = await self._sink.deliver(payload=payload, connection_ids=connection_ids, deadline=deadline)
        self._deliveries.append((began, time.monotonic(), payload, outcomes.delivered))
        return outcomes

    async def disconnect(self, *, connection_ids: Sequence[str], deadline: float) -> Sequence[str]:
        return await self._sink.disconnect(connection_ids=connection_ids, deadline=deadline)


class _QueuedWakeUps(WakeUps):
    def __init__(self, wake_ups: "Queue[Any]") -> None:
        self._wake_ups = wake_ups

    async def send(self, room: str, *, delay: int = 0, deadline: float = math.inf) -> None:  # noqa: ARG002
        self._wake_ups.put((time.monotonic() + delay, room))


class _Context:
    def __init__(self) -> None:
        self._ends = time.monotonic() + INVOCATION_SECONDS

    def get_remaining_time_in_millis(self) -> int:
        return int((self._ends - time.monotonic()) * 1000)


def _budget() -> Budget:
    now = time.monotonic()
    return Budget(deadline=now + INVOCATION_SECONDS - 1, yield_at=now + INVOCATION_SECONDS * 2 / 3)


def _began(shared: Shared) -> float:
    """Say that this process has started; return when the first event is due."""
    with shared.started.get_lock():
        shared.started.value += 1
    while not shared.begins_at.value:
        time.sleep(0.02)
    _sleep_until(shared.begins_at.value)
    return shared.begins_at.value


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
