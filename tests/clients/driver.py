"""A client that nobody here wrote, in a process of its own.

Each driver (drivers/) takes commands as JSON lines on standard input and says on standard output what happens: replies
to commands by their `ref`, and events by their name `on`.
"""

import itertools
import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
DRIVERS = Path(__file__).parent / "drivers"
CACHE = REPOSITORY / ".cache" / "clients"

Event = dict[str, Any]

COMMANDS: dict[str, list[str]] = {
    "js": ["node", str(CACHE / "js" / "driver.mjs")],
    "python": [str(REPOSITORY / ".venv-clients/bin/python"), str(DRIVERS / "python" / "driver.py")],
    "python-0.5": [str(REPOSITORY / ".venv-clients-old/bin/python"), str(DRIVERS / "python" / "driver.py")],
    "go": [str(CACHE / "go-driver")],
}
"""How each driver is started. `make clients` makes what is named here."""

PATIENCE_SECONDS = 20.0


class Failed(Exception):
    """A command was answered with an error; its first argument is the code."""


def missing(language: str) -> str | None:
    """Return why a client cannot run here, or None."""
    program = Path(COMMANDS[language][-1] if language == "js" else COMMANDS[language][0])
    return None if program.exists() else f"the {language} client is not here: make clients"


class Client:
    """A running client."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._refs = itertools.count(1)
        self._replies: dict[int, queue.SimpleQueue[Event]] = {}
        self._changed = threading.Condition()
        self.events: list[Event] = []
        """All that happened, in its order."""

    def read(self) -> None:
        """Take in what the driver says, until it ends."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = json.loads(line)
            with self._changed:
                if "reply" in event:
                    self._replies[event["reply"]].put(event)
                else:
                    self.events.append(event)
                self._changed.notify_all()

    def start(self, call: str, **members: Any) -> int:
        """Send a command; return its ref."""
        ref = next(self._refs)
        self._replies[ref] = queue.SimpleQueue()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"call": call, "ref": ref} | members) + "\n")
        self._process.stdin.flush()
        return ref

    def result(self, ref: int) -> Any:
        """Return the result of a command.

        Raises:
            Failed: it was answered with an error.

        """
        reply = self._replies[ref].get(timeout=PATIENCE_SECONDS)
        if "error" in reply:
            raise Failed(reply["error"])
        return reply["result"]

    def call(self, command: str, **members: Any) -> Any:
        """Send a command; return its result."""
        return self.result(self.start(command, **members))

    def wait(self, condition: Callable[[], Any]) -> Any:
        """Wait until something has happened; return what the condition says of it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self._changed:
            while not (found := condition()):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"in vain: {self.events[-30:]}")
                self._changed.wait(left)
        return found

    def of(self, kind: str, channel: str | None = None) -> list[Event]:
        """Return the events of a kind, of one channel or of all."""
        return [each for each in self.events if each["on"] == kind and channel in (None, each.get("channel"))]

    def data(self, channel: str) -> list[Any]:
        """Return the data of a channel's publications."""
        return [each["data"] for each in self.of("publication", channel)]

    def wait_for_publications(self, channel: str, count: int) -> None:
        """Wait until that many have come."""
        self.wait(lambda: len(self.of("publication", channel)) >= count)

    def connect(self) -> str:
        """Connect; return the client's id."""
        before = len(self.of("connected"))
        self.call("connect")
        return str(self.wait(lambda: self.of("connected")[before:])[0]["client"])

    def join(self, channel: str, **options: Any) -> Event:
        """Subscribe; return the event of success."""
        before = len(self.of("subscribed", channel))
        self.call("subscribe", channel=channel, **({"options": options} if options else {}))
        found: Event = self.wait(lambda: self.of("subscribed", channel)[before:])[0]
        return found


@contextmanager
def client(language: str, url: str) -> Iterator[Client]:
    """Start a client that will connect to this address; end it at the end of the block."""
    process = subprocess.Popen(
        [*COMMANDS[language], url, "chat test"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    running = Client(process)
    reader = threading.Thread(target=running.read)
    reader.start()
    try:
        yield running
    finally:
        process.kill()
        process.wait()
        reader.join()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
