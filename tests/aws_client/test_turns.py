"""The order in which a pool serves its sources."""

import math

from aws_client import Source
from aws_client.source import OPEN, Gate
from aws_client.turns import Turns


class _Request:
    def __init__(self, source: "_Queue") -> None:
        self.source = source


class _Queue(Source):
    """Has a number of requests, which are ready from a given time on."""

    deadline = math.inf

    def __init__(self, name: str, requests: int, *, due: float = 0.0) -> None:
        self.name = name
        self._left = requests
        self._due = due

    def ready(self, now: float) -> int:
        return self._left if now >= self._due else 0

    def next_due(self) -> float:
        return self._due if self._left else math.inf

    def take(self, now: float) -> _Request | None:  # type: ignore[override]
        if not self.ready(now):
            return None
        self._left -= 1
        return _Request(self)

    def is_finished(self, now: float) -> bool:
        return not self._left


class _Permits(Gate):
    """Has a number of permits until its next refill."""

    def __init__(self, permits: int) -> None:
        self.permits = permits

    def available(self, now: float) -> int:
        return self.permits

    def take(self, now: float) -> bool:
        self.permits -= 1
        return self.permits >= 0

    def release(self) -> None:
        self.permits += 1

    def next_refill(self) -> float:
        return 7.0


def _turns(*sources: _Queue, gate: Gate = OPEN) -> Turns:
    turns = Turns(gate)
    for source in sources:
        turns.add(source)
    return turns


def _taken(turns: Turns, now: float = 0.0) -> str:
    """Take every request; return the names of their sources in order."""
    names = ""
    while (request := turns.take(now)) is not None:
        assert isinstance(request, _Request)
        names += request.source.name
    return names


def test_sources_take_turns_for_each_request() -> None:
    """A large delivery must not delay a small one."""
    assert _taken(_turns(_Queue("a", 5), _Queue("b", 2), _Queue("c", 3))) == "abcabcacaa"


def test_source_that_is_not_ready_keeps_its_turn() -> None:
    """It has waited the longest when its request becomes ready."""
    turns = _turns(_Queue("a", 2, due=1.0), _Queue("b", 2))
    assert _taken(turns) == "bb"
    assert turns.next_due(0.0) == 1.0
    assert _taken(turns, now=1.0) == "aa"


def test_source_that_was_removed_has_no_further_turn() -> None:
    """Its caller has given up."""
    removed = _Queue("a", 2)
    turns = _turns(removed, _Queue("b", 2))
    assert turns.take(0.0) is not None
    turns.remove(removed)
    assert _taken(turns) == "bb"


def test_each_request_takes_one_permit_and_nothing_else_does() -> None:
    """A permit that no request used must not be lost."""
    gate = _Permits(3)
    turns = _turns(_Queue("a", 1), _Queue("b", 1), gate=gate)
    assert turns.ready(0.0) == 2
    assert _taken(turns) == "ab"
    assert gate.permits == 1


def test_without_permits_the_next_refill_is_awaited() -> None:
    """Until then it makes no difference which requests are ready."""
    turns = _turns(_Queue("a", 2, due=3.0), gate=_Permits(0))
    assert turns.next_due(0.0) == 7.0
    assert turns.ready(5.0) == 0


def test_without_sources_nothing_is_awaited() -> None:
    """A pool has no timer while there is nothing to send."""
    assert _turns(gate=_Permits(0)).next_due(0.0) == math.inf
