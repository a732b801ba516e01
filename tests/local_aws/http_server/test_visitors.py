"""Access rules of the loopback listeners."""

import pytest

from local_aws.http_server import Request, Visitors
from local_aws.http_server.visitors import host_of, is_loopback


def request(*headers: tuple[str, str]) -> Request:
    return Request(method="GET", target="/dev", headers=headers, body=b"", peer=("127.0.0.1", 1))


@pytest.mark.parametrize(
    "value", ["127.0.0.1", "127.0.0.1:3001", "localhost", "LocalHost:1", "[::1]:80", "[::1]", "app.localhost:5173"]
)
def test_this_machine_has_many_names(value: str) -> None:
    """No name server can change what these names resolve to."""
    assert is_loopback(host_of(value))


@pytest.mark.parametrize(
    "value",
    ["evil.test", "evil.test:3001", "127.0.0.1.evil.test", "localhost.evil.test", "xlocalhost", "10.0.0.1", "0.0.0.0",
     "", "[::", "a@evil.test", "127.0.0.1@evil.test", "evil.test#@localhost", "evil.test/localhost"],
)  # fmt: skip
def test_any_other_name_may_lead_here_by_a_name_server(value: str) -> None:
    """A page could otherwise get around the same-origin policy by DNS rebinding."""
    assert not is_loopback(host_of(value))


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:5173", "https://localhost", "http://127.0.0.1:3000", "http://[::1]:8080", "http://app.localhost",
     "https://allowed.example", "HTTPS://Allowed.Example", "https://tunnel.example:8443"],
)  # fmt: skip
def test_page_of_this_machine_or_an_allowed_one_may_connect(origin: str) -> None:
    """Front ends run on any port of this machine, and a page at an allowed host is the stack's own."""
    visitors = Visitors.of(hosts=["Tunnel.example"], origins=["https://allowed.example/"])
    assert visitors.takes_page(request(("Origin", origin)))


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "", "http://localhost.evil.example", "file://", "chrome-extension://abc", "http://[",
     "https://allowed.example.evil.example", "http://localhost@evil.example", "ftp://localhost"],
)  # fmt: skip
def test_page_from_elsewhere_may_not(origin: str) -> None:
    """An origin cannot imitate an allowed one with a similar name."""
    assert not Visitors.of(origins=["https://allowed.example"]).takes_page(request(("Origin", origin)))
    assert Visitors.of(origins=["*"]).takes_page(request(("Origin", origin)))


def test_the_worse_of_two_origins_counts() -> None:
    """Browsers never send two."""
    both = request(("Origin", "http://localhost"), ("origin", "https://evil.example"))
    assert not Visitors().takes_page(both)


def test_programs_are_distinguished_from_pages() -> None:
    """Browsers send these headers with every request, also with a simple GET."""
    visitors = Visitors.of(origins=["https://allowed.example"])
    assert visitors.takes_program(request())
    assert visitors.takes_program(request(("Sec-Fetch-Site", "none")))
    assert visitors.takes_program(request(("Origin", "https://allowed.example"), ("Sec-Fetch-Site", "cross-site")))
    for header in (("Origin", "http://localhost:3000"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site"),
                   ("Sec-Fetch-Site", "same-site")):  # fmt: skip
        assert not visitors.takes_program(request(header))
