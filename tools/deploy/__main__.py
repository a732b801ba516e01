"""`python -m tools.deploy`: see the package's docstring."""

import argparse
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.deploy import page
from tools.deploy.aws import Aws
from tools.deploy.down import down
from tools.deploy.errors import DeployError
from tools.deploy.up import up

BUILT = Path(__file__).parents[2] / "build"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a command; return the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        asked.run(asked)
    except DeployError as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped waiting. CloudFormation continues what it has started.", file=sys.stderr)
        return 130
    return 0


def _up(asked: argparse.Namespace) -> None:
    aws = Aws(region=asked.region, profile=asked.profile)
    outputs = up(
        aws,
        stack=asked.stack,
        built=asked.built,
        parameters=dict([*asked.listed, *asked.parameters]),
        agree=_agreement(yes=asked.yes),
        log=_log,
    )
    if page.publish(aws, outputs):
        _log("The page is published.")
    width = max(map(len, outputs), default=0)
    for name, value in sorted(outputs.items()):
        print(f"{name:<{width}}  {value}")
    if url := outputs.get("WebSocketUrl"):
        print(f"\nTry it: wscat -c {url}")


def _down(asked: argparse.Namespace) -> None:
    aws = Aws(region=asked.region, profile=asked.profile)
    if not asked.yes:
        _ask_for_name(asked.stack, aws)
    down(aws, stack=asked.stack, agree=_agreement(yes=asked.yes), log=_log)


def _log(line: str) -> None:
    print(line, flush=True)


def _agreement(*, yes: bool) -> Callable[[str], bool]:
    def agree(question: str) -> bool:
        return yes or _answer(f"{question} [y/N] ").lower() in {"y", "yes"}

    return agree


def _ask_for_name(stack: str, aws: Aws) -> None:
    print(f"This deletes the stack {stack} in account {aws.account}, region {aws.region}, with all its data.")
    if _answer("Type the name of the stack to continue: ") != stack:
        raise DeployError("Nothing was deleted.")


def _answer(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError as exc:
        raise DeployError("There is no terminal for the question: YES=1 agrees to everything in advance.") from exc


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.deploy", description="Deploy the chat, or delete it.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, what in (
        ("up", _up, "deploy the build"),
        ("down", _down, "delete the stack and all that it created"),
    ):
        command = commands.add_parser(name, help=what)
        command.set_defaults(run=run)
        command.add_argument(
            "--stack", type=_stack, default="chat", help="the name of the stack (default: %(default)s)"
        )
        command.add_argument("--region", type=_region, help="default: from the environment or the profile")
        command.add_argument("--profile", help="default: from the environment")
        command.add_argument("--yes", action="store_true", help="agree to everything in advance")
        if run is _up:
            command.add_argument("--built", type=Path, default=BUILT, help=argparse.SUPPRESS)
            command.add_argument(
                "--parameters",
                dest="listed",
                type=_assignments,
                default=[],
                metavar="TEXT",
                help="parameters in one text, separated by blanks; quote a value with a blank",
            )
            command.add_argument("parameters", nargs="*", type=_assignment, metavar="PARAMETER=VALUE")
    return parser


def _stack(text: str) -> str:
    # The rule of CloudFormation (API reference, CreateStack). AWS's command line would read a file for `file://...`.
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a stack name: a letter, then letters, digits and hyphens")
    return text


def _region(text: str) -> str | None:
    # A form sends an empty text if the field is left empty.
    if not re.fullmatch(r"[a-z0-9-]*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a region such as eu-west-1")
    return text or None


def _assignments(text: str) -> list[tuple[str, str]]:
    """Parse `A=1 B='two words'`, quoted as in a POSIX shell but never passed to one."""
    try:
        words = shlex.split(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r}: {str(exc).lower()}") from exc
    return [_assignment(each) for each in words]


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form PARAMETER=VALUE")
    return name, value


if __name__ == "__main__":
    sys.exit(main())
