"""What a web page may ask of the embedded AWS: nothing, unless its origin was allowed."""

import json
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from local_aws.embedded_aws import EmbeddedAws

ALLOWED = "https://admin.example"
LIST_TABLES = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810.ListTables",
    "Authorization": "AWS4-HMAC-SHA256 Credential=x/20261126/us-east-1/dynamodb/aws4_request, Signature=0",
}
PRIVATE = [("GET", "/local/roles"), ("GET", "/local/resource-types"), ("POST", "/local/permissions")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def endpoint() -> AsyncIterator[str]:
    """Start a cloud that one origin may use; return its URL."""
    cloud = EmbeddedAws(log=lambda _line: None, origins=[ALLOWED])
    await cloud.start()
    yield cloud.endpoint
    await cloud.stop()


def ask(
    endpoint: str, method: str, path: str, headers: dict[str, str], body: str = ""
) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=30)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "page",
    [{"Origin": "https://evil.example"}, {"Origin": "http://localhost:3000"}, {"Origin": "null"},
     {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.test"}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("method", ["OPTIONS", "GET", "POST", "PUT", "DELETE"])
def test_page_gets_nothing_and_may_read_nothing(endpoint: str, method: str, page: dict[str, str]) -> None:
    """Moto itself answers each origin, each method and each header with permission."""
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    status, headers, _ = ask(endpoint, method, "/", {**LIST_TABLES, **preflight, **page}, "{}")
    assert status == 403
    assert not [name for name in headers if name.startswith("access-control-")]


def test_program_is_answered_without_leave_for_pages(endpoint: str) -> None:
    """By whatever name of this machine."""
    port = urlsplit(endpoint).port
    for host in ("127.0.0.1", f"localhost:{port}"):
        status, headers, body = ask(endpoint, "POST", "/", LIST_TABLES | {"Host": host}, "{}")
        assert (status, json.loads(body)) == (200, {"TableNames": []})
        assert not [name for name in headers if name.startswith("access-control-")]


def test_allowed_page_is_asked_for_and_may_read(endpoint: str) -> None:
    """As the Fetch standard's CORS protocol has it."""
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-amz-target",
    }
    status, headers, _ = ask(endpoint, "OPTIONS", "/", preflight | {"Origin": ALLOWED})
    assert (status, headers["access-control-allow-origin"]) == (204, ALLOWED)
    assert headers["access-control-allow-headers"] == "authorization,x-amz-target"
    status, headers, body = ask(endpoint, "POST", "/", LIST_TABLES | {"Origin": ALLOWED}, "{}")
    assert (status, headers["access-control-allow-origin"], json.loads(body)) == (200, ALLOWED, {"TableNames": []})


@pytest.mark.parametrize(("method", "path"), PRIVATE)
@pytest.mark.parametrize("secret", [None, "", "guess"])
def test_private_paths_take_the_secret(endpoint: str, method: str, path: str, secret: str | None) -> None:
    """One tells the roles, one changes what functions may do."""
    headers = {} if secret is None else {"X-Local-Secret": secret}
    assert ask(endpoint, method, path, headers, "{}")[0] == 403


@pytest.mark.parametrize(
    "path", ["/moto-api/reset", "/moto-api/recorder/start-recording", "/moto-api/", "/moto-api", "/%6doto-api/reset"]
)
def test_motos_own_api_is_not_there(endpoint: str, path: str) -> None:
    """It deletes everything, and writes requests into a file."""
    assert ask(endpoint, "POST", path, {})[0] == 404
