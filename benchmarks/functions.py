"""The functions behind the API's routes, ours and those on the SDKs, as processes for `coldstart` and `sendmessage`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import endpoint, node, package
from benchmarks.canned import answers
from benchmarks.processes import Run, run_fresh
from benchmarks.target import PAYLOAD
from tests.support import events

HERE = Path(__file__).parent
TABLE = "connections"

# By the names of our modules, which the peers' modules share.
EVENTS = {
    "connect": events.connect(),
    "disconnect": events.disconnect(),
    "send_message": events.message(json.dumps({"action": "sendmessage", "data": PAYLOAD})),
    "default": events.message("{}", "$default"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Functions:
    """The packages and events on disk, and an endpoint that plays DynamoDB and API Gateway."""

    home: Path
    interpreter: Path
    environment: Mapping[str, str]
    served: endpoint.Endpoint

    def python(self, place: str, *options: str) -> list[str]:
        """Return the command that runs a handler in Python, `<module>:<handler>`, with options for the interpreter."""
        # Without -P, the modules next to the script would hide others with the same names.
        return [str(self.interpreter), "-P", *options, str(HERE / "invoke.py"), place]

    def run(
        self,
        command: Sequence[str],
        event: str,
        *,
        requests: int,
        repeat: tuple[int, int] = (0, 0),
        bytecode: bool = True,
    ) -> Run:
        """Start a process that handles one or more events; see `invoke.py`.

        Args:
            command: the command that `python` or `node_sdk` returned.
            event: the name of one of `EVENTS`.
            requests: the fewest requests for each event; the answer alone does not prove that they were sent.
            repeat: the number of passes, and of events in each, after the first event.
            bytecode: whether Python's modules are compiled already.

        Raises:
            RuntimeError: the process failed, or sent too few requests.

        """
        path = self.home / ("compiled" if bytecode else "plain")
        arguments = [str(self.home / f"{event}.json"), *map(str, repeat)]
        environment = {**self.environment, "PYTHONPATH": f"{path}:{HERE / 'peers'}", "PYTHONDONTWRITEBYTECODE": "1"}
        before = self.served.requests()
        run = run_fresh([*command, *arguments], environment=environment)
        sent, due = self.served.requests() - before - 1, requests * (1 + repeat[0] * repeat[1])
        if sent < due:
            raise RuntimeError(f"{sent} requests of {due}: {command}")
        return run


@contextmanager
def prepared(*, recipients: Sequence[str]) -> Iterator[Functions]:
    """Build packages and start an endpoint, for a room with these members; remove both at the end of the block."""
    canned = answers(recipients, table=TABLE, sender=events.CONNECTION_ID)
    with TemporaryDirectory(prefix="bench-") as directory, endpoint.serve(answers=canned) as served:
        home = Path(directory)
        package.build(home / "compiled", extra=["boto3"], bytecode=True)
        package.build(home / "plain", extra=["boto3"], bytecode=False)
        for name, event in EVENTS.items():
            (home / f"{name}.json").write_text(json.dumps(event))
        # Every client uses TLS, as it does with AWS.
        management, dynamodb = f"{served.urls['https']}/{endpoint.STAGE}", served.urls["https"]
        variables = {"CONNECTIONS_TABLE": TABLE, "MANAGEMENT_ENDPOINT": management}
        yield Functions(
            home=home,
            interpreter=package.empty_interpreter(home / "interpreter"),
            served=served,
            environment={**served.environment, **variables, "AWS_ENDPOINT_URL_DYNAMODB": dynamodb},
        )


def node_sdk(place: str) -> list[str]:
    """Return the command that runs a handler in Node, `<file>:<handler>`."""
    return [*node.command("invoke.js"), place]
