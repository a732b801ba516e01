"""A chat for every test."""

import pytest

from tests.support.chat import Chat


@pytest.fixture
def chat() -> Chat:
    """Return a chat that nobody is in."""
    return Chat()
