"""Starts and ends the process of the embedded AWS."""

import asyncio
import json
import os
import secrets
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress

from local_aws.embedded_aws import private_api
from local_aws.errors import EmbeddedAwsFailed

SECONDS_TO_END = 1.5
SECONDS_TO_START = 30.0


class EmbeddedAws:
    """A moto server in a process, from `start` to `stop`. It never outlives this process, even if that is killed."""

    def __init__(self, *, log: Callable[[str], None], origins: Iterable[str] = ()) -> None:
        """Start nothing yet.

        Args:
            log: takes one line at a time.
            origins: the origins of web pages that may use it.

        """
        self._log = log
        self._origins = list(origins)
        self._process: asyncio.subprocess.Process | None = None
        self._relays: list[asyncio.Task[None]] = []
        self.endpoint = ""
        """The URL of every service's API, once started."""
        self.roles_changed = asyncio.Event()
        """Set after a role or a policy was changed by IAM's or CloudFormation's API. The waiting task clears it."""
        self._changes: int | None = None
        """The end of a pipe from which news of changed roles is read."""

    async def start(self) -> None:
        """Start the server; return when requests can be sent to `endpoint`. The caller has to call `stop`.

        Raises:
            EmbeddedAwsFailed: the process ended, or printed no port for half a minute.

        """
        self._changes, changes = os.pipe()
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "local_aws.moto_server"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=1 << 20,
            env=_environment(),
            pass_fds=[changes],
            # Ctrl-C goes to the whole foreground group. The functions still need their tables then.
            start_new_session=True,
        )
        os.close(changes)
        os.set_blocking(self._changes, False)
        asyncio.get_running_loop().add_reader(self._changes, self._on_change)
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for
        assert process.stdout is not None  # noqa: S101 - likewise
        assert process.stderr is not None  # noqa: S101 - likewise
        secret = secrets.token_urlsafe()
        # Not in an argument or a variable, which other accounts can see.
        process.stdin.write(
            json.dumps({"secret": secret, "origins": self._origins, "changes": changes}).encode() + b"\n"
        )
        self._relays.append(asyncio.create_task(self._relay(process.stderr)))
        try:
            line = await asyncio.wait_for(process.stdout.readline(), SECONDS_TO_START)
        except TimeoutError:
            line = b""
        if not line.strip().isdigit():
            raise EmbeddedAwsFailed("The embedded AWS did not start; see the messages above.")
        self.endpoint = f"http://127.0.0.1:{int(line)}"
        private_api.remember(self.endpoint, secret)
        self._relays.append(asyncio.create_task(self._relay(process.stdout)))

    async def stop(self) -> None:
        """End the server and wait for its end. May be called again."""
        process, self._process = self._process, None
        if process is None:
            return
        private_api.forget(self.endpoint)
        await _end(process)
        await asyncio.gather(*self._relays)
        if self._changes is not None:
            asyncio.get_running_loop().remove_reader(self._changes)
            os.close(self._changes)
            self._changes = None

    async def failure(self) -> EmbeddedAwsFailed:
        """Wait until the server ends without `stop`; return the error that says how."""
        process = self._process
        assert process is not None  # noqa: S101 - it was started
        status = await process.wait()
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        return EmbeddedAwsFailed(f"The embedded AWS has ended {how}, and the stack ends with it.")

    def _on_change(self) -> None:
        assert self._changes is not None  # noqa: S101 - it is being read
        if os.read(self._changes, 4096):
            self.roles_changed.set()
        else:
            # The process has ended, which `failure` reports.
            asyncio.get_running_loop().remove_reader(self._changes)

    async def _relay(self, output: asyncio.StreamReader) -> None:
        async for line in output:
            self._log(line.decode(errors="replace").rstrip())


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None  # noqa: S101 - a pipe was asked for
    # It may end by itself right after the check.
    with suppress(ProcessLookupError):
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), SECONDS_TO_END)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    process.stdin.close()


def _environment() -> dict[str, str]:
    """Return this process's environment without the variables of moto, boto3 and Docker."""
    prefixes = ("AWS_", "MOTO_", "DOCKER_", "S3_", "TEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    # Code is not uploaded: the S3 keys that replace it do not exist. See code.py.
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # It would let every web page read every response.
        "MOTO_DISABLE_GLOBAL_CORS": "true",
        "VALIDATE_LAMBDA_S3": "false",
    }
