"""A foreign page in the developer's browser cannot use the stack."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from tests.support.browser import Browser, missing_programs, open_browser
from tests.support.local_stack import LocalStack, local_stack

FOREIGN = "evil.test"

TRY_FETCH = """
const [url, options, done] = arguments;
return fetch(url, options).then(response => response.text().then(text => `${response.type} ${response.status} ${text}`))
    .catch(error => `blocked: ${error.message}`);
"""
TRY_SOCKET = """
const [url] = arguments;
return new Promise(resolve => {
    const socket = new WebSocket(url);
    socket.onopen = () => { socket.close(); resolve("open"); };
    socket.onerror = () => resolve("refused");
});
"""
LIST_SECRETS = {
    "method": "POST",
    "body": "{}",
    "headers": {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.ListSecrets"},
}
SIMPLE = {"method": "POST", "mode": "no-cors", "body": "{}", "headers": {"Content-Type": "text/plain"}}


class _Empty(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def foreign_port() -> Iterator[int]:
    """Serve an empty page; return its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Empty)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a browser in which the foreign name resolves to this machine: its owner can do that."""
    if missing := missing_programs():
        pytest.skip(f"a page needs a browser; not installed: {', '.join(missing)}")
    with open_browser(f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1") as browser:
        yield browser


def test_foreign_page_gets_nothing(browser: Browser, stack: LocalStack, foreign_port: int) -> None:
    """It can neither read nor write anything, whichever kind of request it sends."""
    cloud = stack.wait_for_log(r"AWS endpoint http://\S+").split()[-1]
    browser.open(f"http://{FOREIGN}:{foreign_port}/")
    for url, options in (
        (cloud, LIST_SECRETS),
        (f"{cloud}/local/roles", {}),
        (stack.page_url + "config.json", {}),
    ):
        assert str(browser.run(TRY_FETCH, url, options)).startswith("blocked: "), url
    # A browser sends a simple request without a preflight. It must have no effect.
    for path in ("/moto-api/reset", "/local/permissions", "/moto-api/recorder/start-recording"):
        browser.run(TRY_FETCH, cloud + path, SIMPLE)
    assert browser.run(TRY_SOCKET, stack.ws_url) == "refused"
    with connect(stack.ws_url + "?protocol=centrifuge") as client:
        # The tables still exist.
        client.send('{"id":1,"connect":{}}')
        own = json.loads(client.recv(timeout=30))["connect"]["client"]
        post = f"{stack.management_endpoint}/@connections/{own}"
        signature = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/20261126/us-east-1/execute-api/aws4_request"
        browser.run(TRY_FETCH, f"{post}?{signature}&X-Amz-SignedHeaders=host&X-Amz-Signature={'0' * 64}", SIMPLE)
        # Had the page posted, its frame would come first.
        client.send('{"id":2,"unsubscribe":{"channel":"news"}}')
        assert json.loads(client.recv(timeout=30)) == {"id": 2, "unsubscribe": {}}
    stack.wait_for_log(f"Rejected a page of 'http://{FOREIGN}:{foreign_port}'; --allow-origin")


def test_name_that_leads_here_opens_nothing(browser: Browser, stack: LocalStack) -> None:
    """With DNS rebinding, the browser takes the stack for the page's own origin."""
    cloud = stack.wait_for_log(r"AWS endpoint http://\S+").split()[-1]
    for url, path in ((stack.page_url, "config.json"), (stack.management_endpoint, "/@connections/x"), (cloud, "/")):
        port = urlsplit(url).port
        browser.open(f"http://{FOREIGN}:{port}/")
        answer = str(browser.run(TRY_FETCH, f"/{path.lstrip('/')}", {}))
        assert answer.startswith("basic 403 "), answer


def test_front_end_on_another_port_works_at_the_first_try(
    browser: Browser, stack: LocalStack, foreign_port: int
) -> None:
    """Developers serve their page with a bundler on another port of this machine."""
    for name in ("localhost", "127.0.0.1"):
        browser.open(f"http://{name}:{foreign_port}/")
        assert browser.run(TRY_SOCKET, stack.ws_url) == "open"


def test_allowed_page_connects(browser: Browser, foreign_port: int) -> None:
    """`--allow-origin`, which the log names, permits it."""
    with local_stack("--allow-origin", f"http://{FOREIGN}:{foreign_port}") as stack:
        browser.open(f"http://{FOREIGN}:{foreign_port}/")
        assert browser.run(TRY_SOCKET, stack.ws_url) == "open"
