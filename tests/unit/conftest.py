"""A chat for every test."""

import pytest

from tests.support.chat import MemoryChat


@pytest.fixture
def chat() -> MemoryChat:
    """Return a chat that nobody is in."""
    return MemoryChat()
