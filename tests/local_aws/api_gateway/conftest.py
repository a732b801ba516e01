"""The gateway under test."""

from collections.abc import AsyncIterator

import pytest

from tests.support.gateway import Api


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """Make an API without routes that is not started, and stop it after the test."""
    made = Api()
    yield made
    if made.gateway is not None:
        await made.gateway.stop()
