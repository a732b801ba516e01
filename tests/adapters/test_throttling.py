"""How a 429 is interpreted."""

from adapters.apigateway.throttling import LEAST_ATTEMPTS, REMEMBERED, Throttling
from chat_core import Outcome


def refuse(throttling: Throttling, connection_id: str, times: int) -> list[Outcome]:
    return [throttling.refused(connection_id) for _ in range(times)]


def test_one_connection_among_many_is_slow_after_a_few_attempts() -> None:
    """It is unlikely that chance refuses the same connection so often."""
    throttling = Throttling()
    throttling.accepted = 1000
    outcomes = refuse(throttling, "a", LEAST_ATTEMPTS)
    assert outcomes == [Outcome.THROTTLED] * (LEAST_ATTEMPTS - 1) + [Outcome.SLOW]
    assert not throttling.is_account_throttled


def test_the_more_are_refused_the_longer_it_takes_to_be_slow() -> None:
    """With half of them refused, ten in a row may be chance for one in a thousand."""
    throttling = Throttling()
    throttling.accepted = 1000
    for i in range(1000):
        throttling.refused(f"other{i}")
    assert throttling.is_account_throttled
    outcomes = refuse(throttling, "a", 10)
    assert outcomes == [Outcome.THROTTLED] * 9 + [Outcome.SLOW]


def test_slow_connections_count_once_and_not_with_each_message() -> None:
    """Otherwise connections that are known to be slow would lower the rate of every message."""
    throttling = Throttling()
    throttling.roll(0.0)
    for i in range(50):
        throttling.refused(f"deaf{i}")
    throttling.roll(0.6)
    throttling.roll(1.2)
    throttling.accepted = 4000
    for i in range(50):
        throttling.refused(f"deaf{i}")
    assert not throttling.is_account_throttled


def test_old_answers_say_nothing() -> None:
    """An account that was throttled a second ago may be free."""
    throttling = Throttling()
    throttling.roll(0.0)
    for i in range(50):
        throttling.refused(f"c{i}")
    throttling.roll(0.5)
    throttling.refused("new")
    assert throttling.is_account_throttled
    throttling.roll(1.5)
    throttling.refused("newer")
    assert not throttling.is_account_throttled


def test_number_of_remembered_connections_is_bounded() -> None:
    """There may be any number of them."""
    throttling = Throttling()
    for i in range(REMEMBERED + 10):
        throttling.refused(f"c{i}")
    assert len(throttling.refusals) == REMEMBERED
    assert "c0" not in throttling.refusals
