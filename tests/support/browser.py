"""Headless Chromium, driven by selenium."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

ENTER = Keys.ENTER
SHIFT = Keys.SHIFT
"""A key that is held is released at the end of the text."""

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


@dataclass(frozen=True)
class Browser:
    """One window. Elements are named by CSS selectors."""

    driver: Chrome

    def open(self, url: str) -> None:
        """Go to a page; return when it has loaded."""
        self.driver.get(url)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function in the page; return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def type(self, selector: str, keys: str) -> None:
        """Press keys in an element, one after the other."""
        self._find(selector).send_keys(keys)

    def click(self, selector: str) -> None:
        """Click an element, which has to be visible."""
        self._find(selector).click()

    def text(self, selector: str) -> str:
        """Return the visible text of an element; empty if there is no such element."""
        script = (
            "const found = document.querySelector(arguments[0]); return found?.checkVisibility() ? found.innerText : ''"
        )
        return str(self.run(script, selector))

    def texts(self, selector: str) -> list[str]:
        """Return the text of each element that the selector finds, in the order of the page."""
        return list(self.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector))

    def wait_for(self, selector: str, text: str = "", *, timeout: float = 15) -> None:
        """Wait until an element that the selector finds is visible and contains the text.

        Raises:
            TimeoutError: There is none; the message has the text of the whole page.

        """
        script = """return [...document.querySelectorAll(arguments[0])].some(
            (found) => found.checkVisibility() && found.innerText.includes(arguments[1]))"""
        deadline = time.monotonic() + timeout
        while not self.run(script, selector, text):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {selector} with {text!r} in:\n{self.text('body')}")
            time.sleep(0.02)

    def resize(self, width: int, height: int, *, scale: float = 1) -> None:
        """Set the size of the page in CSS pixels, each `scale` device pixels wide."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.devtools("Emulation.setDeviceMetricsOverride", **metrics)

    def go_offline(self, offline: bool) -> None:
        """Disconnect the browser from the network, or connect it again."""
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.devtools("Network.enable")
        self.devtools("Network.emulateNetworkConditions", **conditions)

    def devtools(self, command: str, **parameters: Any) -> Any:
        """Run a command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(command, parameters)

    def screenshot(self) -> bytes:
        """Return the visible part of the page as PNG."""
        return self.driver.get_screenshot_as_png()

    def complaints(self) -> list[str]:
        """Return what the browser logged since the last call: script errors and violations of the security policy."""
        return [entry["message"] for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def _find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)


def missing_programs() -> list[str]:
    """Return which of the programs that this needs are not on the path."""
    return [program for program in ("chromium", "chromedriver") if shutil.which(program) is None]


@contextmanager
def open_browser(*flags: str) -> Iterator[Browser]:
    """Start Chromium with an empty profile and further flags; end it and its driver at the end of the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for flag in (*FLAGS, *flags, f"--user-data-dir={Path(profile) / 'profile'}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "WARNING"})
        # With both paths given, selenium has no reason to look for a browser to download.
        driver = Chrome(options=options, service=ChromeService(executable_path=shutil.which("chromedriver")))
        try:
            yield Browser(driver)
        finally:
            driver.quit()
