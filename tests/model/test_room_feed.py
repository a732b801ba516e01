"""Every interleaving of publishers, one that joins, and a death: `make test-model`.

tests/unit/test_feed_model.py goes through smaller worlds, and walks at random through larger ones. With WHOLE=1, two
publishers, one that joins and a death are gone through as well: 198,906 states, some minutes.
"""

import os

import pytest

from tests.support.feed_world import FeedWorld
from tests.support.interleaving import search

WORLDS = [(1, 1, 1, 0, True), (2, 0, 1, 0, True), (2, 1, 0, 0, False)]
"""Publishers, joiners, deaths, leases that run out under the living, and whether replies may be early."""
if os.environ.get("WHOLE"):
    WORLDS += [(1, 1, 1, 1, False), (2, 1, 1, 0, False)]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("publishers", "joiners", "deaths", "slow", "late"),
    WORLDS,
    ids=str,
)
def test_no_interleaving_loses_skips_or_reorders(
    publishers: int, joiners: int, deaths: int, slow: int, *, late: bool
) -> None:
    """Every order of every call of a port."""
    found = search(lambda: FeedWorld(publishers=publishers, joiners=joiners, deaths=deaths, slow=slow, late=late))
    print(f"{found.states:,} states, {found.ends:,} ends")
