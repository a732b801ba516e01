"""One stack and one browser, shared by the tests that leave no traces in them."""

from collections.abc import Iterator

import pytest

from tests.support.browser import Browser, missing_programs, open_browser
from tests.support.local_stack import LocalStack, local_stack
from tests.support.page_server import ChatService, chat_service, page_server


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """Start the stack of this project's template."""
    with local_stack() as stack:
        yield stack


@pytest.fixture(scope="session")
def window() -> Iterator[Browser]:
    """Start a browser; skip if none is installed."""
    if missing := missing_programs():
        pytest.skip(f"the page needs a browser; not installed: {', '.join(missing)}")
    with open_browser() as browser:
        yield browser


@pytest.fixture
def service() -> Iterator[ChatService]:
    """Start a service for the page. A test can make it fail, or require a token."""
    with chat_service() as service:
        yield service


@pytest.fixture
def page_url(service: ChatService) -> Iterator[str]:
    """Serve the page at a new origin, for which the browser has nothing stored."""
    with page_server(service.url) as url:
        yield url


@pytest.fixture
def page(window: Browser, page_url: str) -> Iterator[Browser]:
    """Open the page, connected; leave it at the end, so that it does not go on reconnecting."""
    window.resize(1000, 700)
    window.complaints()
    window.open(page_url)
    window.wait_for("#state", "Connected")
    yield window
    window.open("about:blank")
