"""One stack and one browser for the tests that leave them as they found them."""

from collections.abc import Iterator

import pytest

from tests.support.browser import Browser, missing_programs, open_browser
from tests.support.local_stack import LocalStack, local_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """Start the project's own stack."""
    with local_stack() as stack:
        yield stack


@pytest.fixture(scope="session")
def window() -> Iterator[Browser]:
    """Start a browser; skip where there is none."""
    if missing := missing_programs():
        pytest.skip(f"the page needs a browser; not installed: {', '.join(missing)}")
    with open_browser() as browser:
        yield browser
