"""One stack for the tests that leave it as they found it."""

from collections.abc import Iterator

import pytest

from tests.support.local_stack import LocalStack, local_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """Start the project's own stack."""
    with local_stack() as stack:
        yield stack
