"""The worker behind the queue of wake-ups, given what Lambda gives it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.memory import MemoryRoomFeed
from adapters.sqs import write_wake_up
from chat_core import LOBBY, MessagePublished, RandomIds, SystemClock
from entrypoints.aws_lambda.events import Event
from tests.support import sqs
from tests.support.events import connect
from tests.support.functions import Functions, functions_on, memory_ports

LEASE_SECONDS = 10


class Ahead(SystemClock):
    """The time that a test wants it to be, later than it is."""

    seconds = 0.0

    def now(self) -> float:
        return super().now() + self.seconds


@dataclass
class Queue:
    """A queue of SQS."""

    endpoint: str
    url: str
    clock: Ahead = field(default_factory=Ahead)

    def __post_init__(self) -> None:
        self.feed = MemoryRoomFeed(clock=self.clock.now)
        self.client = sqs.client(self.endpoint)

    def a_function_dies(self, said: str) -> None:
        """Let a function take the lobby's turn for a message, and do nothing more."""
        name = RandomIds().new()
        appended = asyncio.run(
            self.feed.append(LOBBY, MessagePublished(data=said), event_id=name, holder=name),
        )
        assert appended.turn

    def wake_up(self, body: str = write_wake_up(LOBBY)) -> Event:
        """Send a message, and receive it; return the event that Lambda makes of it."""
        self.client.send_message(QueueUrl=self.url, MessageBody=body)
        (received,) = self.client.receive_message(QueueUrl=self.url)["Messages"]
        record = {"messageId": received["MessageId"], "receiptHandle": received["ReceiptHandle"], "body": body}
        return {"Records": [record]}

    def count(self, state: str) -> int:
        """Return how many messages are in this state."""
        name = f"ApproximateNumberOfMessages{state}"
        answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
        return int(answer["Attributes"][name])


@pytest.fixture
def queue(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    """Make a queue, and name it to the functions."""
    queue = Queue(moto_endpoint, sqs.create_queue(moto_endpoint))
    monkeypatch.setenv("FAN_OUT_QUEUE", queue.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", moto_endpoint)
    yield queue
    queue.client.close()


@pytest.fixture
def functions(queue: Queue) -> Iterator[Functions]:
    """Return the functions on a queue of SQS, with everything else in memory."""
    ports = memory_ports() | {"feed": queue.feed, "clock": queue.clock}
    del ports["wake_ups"]
    with functions_on(ports) as functions:
        functions("connect", connect())
        yield functions


def test_what_a_function_left_when_it_died_is_delivered_after_its_lease(functions: Functions, queue: Queue) -> None:
    """The wake-up was sent by another that could not deliver, or by the one that died."""
    inbox = functions.receives()
    queue.a_function_dies("live long")
    queue.clock.seconds = LEASE_SECONDS + 1
    assert functions("fan_out", queue.wake_up()) == {"batchItemFailures": []}
    assert inbox == ["live long"]


def test_worker_that_comes_while_another_delivers_sees_to_it_that_one_comes_again(
    functions: Functions, queue: Queue
) -> None:
    """At the end of the lease: nobody knows before whether the other one lives."""
    inbox = functions.receives()
    queue.a_function_dies("live long")
    assert functions("fan_out", queue.wake_up()) == {"batchItemFailures": []}
    assert inbox == []
    assert queue.count("Delayed") == 1


def test_room_in_which_nothing_is_left_to_do_is_done(functions: Functions, queue: Queue) -> None:
    """A wake-up comes at least once, and may find that another was faster."""
    inbox = functions.receives()
    queue.a_function_dies("live long")
    queue.clock.seconds = LEASE_SECONDS + 1
    event = queue.wake_up()
    assert functions("fan_out", event) == functions("fan_out", event) == {"batchItemFailures": []}
    assert inbox == ["live long"]
    assert queue.count("Delayed") == 0


@pytest.mark.parametrize("body", ["x", "[]", "{}", '{"version":9,"room":"lobby"}', '{"version":1,"room":7}'])
def test_message_that_is_no_wake_up_stays_in_the_queue(functions: Functions, queue: Queue, body: str) -> None:
    """After some attempts it goes to the dead-letter queue. The others are handled."""
    inbox = functions.receives()
    queue.a_function_dies("live long")
    queue.clock.seconds = LEASE_SECONDS + 1
    (bad,), (good,) = (queue.wake_up(each)["Records"] for each in (body, write_wake_up(LOBBY)))

    answer: Any = functions("fan_out", {"Records": [bad, good]})

    assert answer == {"batchItemFailures": [{"itemIdentifier": bad["messageId"]}]}
    assert inbox == ["live long"]


def test_wake_up_whose_queue_fails_comes_again(functions: Functions, queue: Queue) -> None:
    """The worker could not keep it from others, nor call another one for what it has no time for."""
    event = queue.wake_up()
    queue.client.delete_queue(QueueUrl=queue.url)
    answer = functions("fan_out", event)
    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
