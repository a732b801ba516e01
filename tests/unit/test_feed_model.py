"""The feed of a room, gone through step by step: a few processes here, and more in tests/model."""

import random

import pytest

from tests.support.feed_world import FeedWorld
from tests.support.interleaving import search, walk


@pytest.mark.parametrize(
    ("publishers", "joiners", "deaths", "slow"), [(2, 0, 1, 0), (1, 1, 1, 0), (2, 0, 0, 1)], ids=str
)
def test_no_interleaving_loses_skips_or_reorders(publishers: int, joiners: int, deaths: int, slow: int) -> None:
    """Every order of every call of a port."""
    found = search(lambda: FeedWorld(publishers=publishers, joiners=joiners, deaths=deaths, slow=slow, late=False))
    assert found.ends > 0


@pytest.mark.parametrize("seed", range(20))
def test_random_walks_with_more_of_everything(seed: int) -> None:
    """Replies that are sent before the delivery is done, and several deaths."""
    choose = random.Random(seed).choice
    for _ in range(10):
        walk(lambda: FeedWorld(publishers=4, joiners=2, deaths=2, slow=2), choose)
