"""The chat page on the real stack, served by `chat local`."""

from websockets.sync.client import connect

from tests.support.browser import ENTER, Browser
from tests.support.local_stack import LocalStack, local_stack


def test_page_and_terminal_talk_to_each_other(window: Browser, stack: LocalStack) -> None:
    """A newcomer tries this first: the page in a browser and a client in a terminal."""
    window.open(stack.page_url)
    window.wait_for("#state", "Connected", timeout=30)
    with connect(stack.ws_url) as terminal:
        window.type("#draft", "live long" + ENTER)
        assert terminal.recv(timeout=30) == "live long"
        window.wait_for(".receipt", "Sent")
        terminal.send('{"action":"sendmessage","data":{"and":"prosper"}}')
        window.wait_for(".bubble", '{"and":"prosper"}')
    assert window.complaints() == []
    window.open("about:blank")


def test_page_comes_back_when_the_stack_does(window: Browser) -> None:
    """After a restart of `make run` the page reconnects without a reload and keeps the draft."""
    with local_stack() as first:
        port, page_port = (url.split(":")[2].split("/")[0] for url in (first.ws_url, first.page_url))
        window.open(first.page_url)
        window.wait_for("#state", "Connected", timeout=30)
        window.type("#draft", "half a thou")
    window.wait_for("#state", "Reconnecting")
    with local_stack("--port", port, "--page-port", page_port):
        window.wait_for("#state", "Connected", timeout=60)
        assert window.run("return document.querySelector('#draft').value") == "half a thou"
    window.open("about:blank")
