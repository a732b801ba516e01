"""One stack and one browser for the tests that leave them as they found them."""

from collections.abc import Iterator

import pytest

from tests.support.browser import Browser, missing_programs, open_browser
from tests.support.local_stack import LocalStack, local_stack
from tests.support.page_server import ChatService, chat_service, page_server


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


@pytest.fixture
def service() -> Iterator[ChatService]:
    """Start a service for the page that a test can make fail, or ask for a token."""
    with chat_service() as service:
        yield service


@pytest.fixture
def page_url(service: ChatService) -> Iterator[str]:
    """Serve the page, at an address that no earlier test has stored anything for."""
    with page_server(service.url) as url:
        yield url
