"""The page's server."""

from pathlib import Path

import pytest

from entrypoints.local.page import Page
from local_aws.http_server import Request, Response


@pytest.fixture
def page(tmp_path: Path) -> Page:
    """Return a page in a folder that has a secret beside it."""
    folder = tmp_path / "frontend"
    folder.mkdir()
    (folder / "index.html").write_text("<p>hello</p>")
    (folder / ".hidden").write_text("no")
    (tmp_path / "secret").write_text("no")
    (folder / "link").symlink_to(tmp_path / "secret")
    return Page(folder=folder, socket_url="ws://127.0.0.1:3001/dev")


def get(page: Page, target: str, method: str = "GET") -> Response:
    return page.answer(Request(method=method, target=target, headers=(), body=b"", peer=("127.0.0.1", 1)))


@pytest.mark.parametrize("target", ["/", "/index.html", "/?x=1"])
def test_file_is_served_as_it_is(page: Page, target: str) -> None:
    """There is no build step."""
    answer = get(page, target)
    assert (answer.status, answer.body) == (200, b"<p>hello</p>")
    assert dict(answer.headers)["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("length", [255, 256, 5000])
def test_name_longer_than_the_system_takes_is_no_files(page: Page, length: int) -> None:
    """It used to be an error of the server's."""
    assert get(page, "/" + "a" * length).status == 404
    assert get(page, "/" + "a/" * length).status == 404


def test_page_is_told_where_the_socket_is_and_may_connect_there_only(page: Page) -> None:
    """A deploy puts a file of the same name beside the page."""
    answer = get(page, "/config.json")
    assert answer.body == b'{"url": "ws://127.0.0.1:3001/dev"}'
    assert "connect-src 'self' ws://127.0.0.1:3001;" in dict(answer.headers)["Content-Security-Policy"]


@pytest.mark.parametrize(
    "target", ["/nothing", "/../secret", "/%2e%2e/secret", "/..%2fsecret", "/.hidden", "/link", "/a%00b"]
)
def test_nothing_outside_the_folder_is_served(page: Page, target: str) -> None:
    """Any program on the machine can ask."""
    assert get(page, target).status == 404


def test_only_reading_is_allowed(page: Page) -> None:
    """There is nothing to write to."""
    assert get(page, "/", "POST").status == 405
