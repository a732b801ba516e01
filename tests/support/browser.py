"""Headless Chromium, driven over WebDriver (https://www.w3.org/TR/webdriver2/), whose few requests need no library."""

import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ENTER = "\ue007"
SHIFT = "\ue008"
"""Keys, in WebDriver's table of code points (section 17.4.2). A key that is held is let go at the end of the text."""

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The member that holds an element's id, fixed by WebDriver (section 12)."""

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class WebDriverError(Exception):
    """The driver's answer was an error, named as WebDriver names it."""


@dataclass
class Browser:
    """One window. What selects an element is a CSS selector."""

    driver: HTTPConnection
    session: str = ""

    def open(self, url: str) -> None:
        """Go to a page; return when it has loaded."""
        self._post("url", url=url)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function in the page; return what it returns."""
        return self._post("execute/sync", script=script, args=list(arguments))

    def type(self, selector: str, keys: str) -> None:
        """Press keys in an element, one after the other."""
        self._post(f"element/{self._find(selector)}/value", text=keys)

    def click(self, selector: str) -> None:
        """Click where the element is, which has to be in sight."""
        self._post(f"element/{self._find(selector)}/click")

    def text(self, selector: str) -> str:
        """Return the text that is in sight in an element; empty where there is none."""
        script = (
            "const found = document.querySelector(arguments[0]); return found?.checkVisibility() ? found.innerText : ''"
        )
        return str(self.run(script, selector))

    def wait_for(self, selector: str, text: str = "", *, timeout: float = 15) -> None:
        """Wait until an element that the selector finds is in sight with the text in it.

        Raises:
            TimeoutError: none has; with the text of the whole page.

        """
        script = """return [...document.querySelectorAll(arguments[0])].some(
            (found) => found.checkVisibility() && found.innerText.includes(arguments[1]))"""
        deadline = time.monotonic() + timeout
        while not self.run(script, selector, text):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {selector} with {text!r} in:\n{self.text('body')}")
            time.sleep(0.02)

    def resize(self, width: int, height: int, *, scale: float = 1) -> None:
        """Give the page that many CSS pixels, each `scale` device pixels wide."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.devtools("Emulation.setDeviceMetricsOverride", **metrics)

    def go_offline(self, offline: bool) -> None:
        """Take the network away from the browser, or give it back."""
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.devtools("Network.enable")
        self.devtools("Network.emulateNetworkConditions", **conditions)

    def devtools(self, command: str, **parameters: Any) -> Any:
        """Run a command of the DevTools protocol, for what WebDriver has none."""
        return self._post("goog/cdp/execute", cmd=command, params=parameters)

    def screenshot(self) -> bytes:
        """Return what is in sight, as PNG."""
        return base64.b64decode(_request(self.driver, "GET", f"/session/{self.session}/screenshot"))

    def complaints(self) -> list[str]:
        """Return what the browser logged since the last call: errors of scripts, refusals of the security policy."""
        return [entry["message"] for entry in self._post("se/log", type="browser")]

    def _find(self, selector: str) -> str:
        return str(self._post("element", using="css selector", value=selector)[ELEMENT])

    def _post(self, command: str, **body: Any) -> Any:
        return _request(self.driver, "POST", f"/session/{self.session}/{command}", body)


def missing_programs() -> list[str]:
    """Return which of the programs that this needs are not on the path."""
    return [program for program in ("chromium", "chromedriver") if shutil.which(program) is None]


@contextmanager
def open_browser(*flags: str) -> Iterator[Browser]:
    """Start Chromium with an empty profile and further flags; end it, and its driver, however the test ends."""
    command = ["chromedriver", "--port=0"]
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process,
    ):
        try:
            driver = HTTPConnection("127.0.0.1", _read_port(process), timeout=60)
            browser = Browser(driver)
            browser.session = _request(driver, "POST", "/session", _capabilities(profile, flags))["sessionId"]
            try:
                yield browser
            finally:
                _request(driver, "DELETE", f"/session/{browser.session}")
                driver.close()
        finally:
            process.terminate()


def _capabilities(profile: str, flags: Sequence[str]) -> dict[str, Any]:
    options = {
        "binary": shutil.which("chromium"),
        "args": [*FLAGS, *flags, f"--user-data-dir={Path(profile) / 'profile'}"],
    }
    wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "WARNING"}}
    return {"capabilities": {"alwaysMatch": wanted}}


def _read_port(process: subprocess.Popen[str]) -> int:
    """Read what the driver prints up to the line that names its port."""
    assert process.stdout is not None
    for line in process.stdout:
        if "started successfully on port" in line:
            return int(line.rstrip().rstrip(".").rpartition(" ")[2])
    raise RuntimeError("chromedriver did not start")


def _request(driver: HTTPConnection, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    driver.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
    response = driver.getresponse()
    value = json.loads(response.read())["value"]
    if response.status != 200:
        raise WebDriverError(f"{value['error']}: {value['message']}")
    return value
