"""The command `local-aws`, and the options that other commands of the emulator share."""

import argparse
import asyncio
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from local_aws.options import DEFAULT_PORT, DEFAULT_TEMPLATE, Options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = parse(arguments)
    # Imported late, so that a mistake in the command line is reported at once.
    from local_aws.run import run  # noqa: PLC0415

    return asyncio.run(run(options))


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line.

    Raises:
        SystemExit: an argument is wrong, or help was requested; argparse has printed it.

    """
    parser = argparse.ArgumentParser(
        prog="local-aws",
        description="Run a CloudFormation or SAM template with a WebSocket API and Python functions on this machine: "
        "no AWS account, no Docker. Ctrl-C stops everything.",
        epilog="The guide is docs/local_aws/guide.md.",
    )
    add_options(parser, template=DEFAULT_TEMPLATE, whose=str(DEFAULT_TEMPLATE))
    return read_options(parser, parser.parse_args(arguments))


def read_options(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Options:
    """Return the values of the options of `add_options`.

    Raises:
        SystemExit: an option needs another one; the parser has printed it.

    """
    if given.debug_function and given.debug_port is None:
        parser.error("--debug-function needs --debug-port")
    return Options(
        template=given.template,
        port=given.port,
        parameters=dict(given.parameter_overrides),
        dynamodb_endpoint=given.dynamodb_endpoint,
        reload=given.reload,
        trace=given.trace,
        debug_port=given.debug_port,
        debug_functions=tuple(given.debug_function),
        idle_seconds=given.idle_timeout,
        lifetime_seconds=given.connection_lifetime,
        allow_hosts=tuple(given.allow_host),
        allow_origins=tuple(given.allow_origin),
        allow_aws_origins=tuple(given.allow_aws_origin),
    )


def add_options(parser: argparse.ArgumentParser, *, template: Path, whose: str) -> None:
    """Add the emulator's options to a command.

    Args:
        parser: The parser of the command.
        template: The template that runs if none is given.
        whose: The name of that template in the help text.

    """
    parser.add_argument(
        "--template", type=Path, default=template, metavar="PATH", help=f"the template (default: {whose})"
    )
    parser.add_argument(
        "--port",
        type=port,
        default=DEFAULT_PORT,
        metavar="N",
        help="the WebSocket API's port; 0 takes any free one (default: %(default)s)",
    )
    parser.add_argument(
        "--parameter-overrides",
        type=_assignment,
        nargs="+",
        action="extend",
        default=[],
        metavar="K=V",
        help="values for the template's parameters",
    )
    parser.add_argument(
        "--dynamodb-endpoint",
        type=_url,
        metavar="URL",
        help="a DynamoDB to use in place of the embedded one, such as DynamoDB Local",
    )
    _add_connections(parser)
    _add_visitors(parser)
    _add_development(parser)


def _add_connections(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("connections")
    group.add_argument(
        "--idle-timeout",
        type=_seconds,
        default=Options.idle_seconds,
        metavar="SECONDS",
        help="close a connection without messages after so long (default: API Gateway's %(default)g)",
    )
    group.add_argument(
        "--connection-lifetime",
        type=_seconds,
        default=Options.lifetime_seconds,
        metavar="SECONDS",
        help="close every connection at this age (default: API Gateway's %(default)g)",
    )


def _add_visitors(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("who gets a response, besides this machine; each option may be repeated")
    group.add_argument(
        "--allow-origin",
        type=_origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let pages of an origin such as https://app.example open WebSockets; * for all",
    )
    group.add_argument(
        "--allow-host",
        type=_host,
        action="append",
        default=[],
        metavar="NAME",
        help="answer requests for a name, such as a tunnel's, at the WebSocket API and the page",
    )
    group.add_argument(
        "--allow-aws-origin",
        type=_origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let pages of an origin use @connections and the embedded AWS",
    )


def _add_development(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("development")
    group.add_argument(
        "--trace",
        action="store_true",
        help="show every event and the answer to it, and every call of @connections",
    )
    group.add_argument(
        "--debug-port",
        type=_debug_port,
        metavar="N",
        help="let debuggers attach by debugpy: to the first function on this port, to the next on N+1, and so on",
    )
    group.add_argument(
        "--debug-function",
        action="append",
        default=[],
        metavar="LOGICAL_ID",
        help="debug this function alone; may be given again",
    )
    group.add_argument(
        "--no-reload",
        dest="reload",
        action="store_false",
        help="keep running the code of the start; otherwise an edit takes effect at the next event",
    )


def port(text: str) -> int:
    """Read a port: 0 to 65535.

    Raises:
        ArgumentTypeError: the text is not a port.

    """
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; a port is 0 to 65535")
    return int(text)


def _debug_port(text: str) -> int:
    if port(text) == 0:
        raise argparse.ArgumentTypeError("a debugger needs a fixed port: 1 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if text not in {"*", "null"} and not (
        parts.scheme and parts.netloc and parts.path in {"", "/"} and not parts.query
    ):
        raise argparse.ArgumentTypeError(f"{text!r} is not an origin; an origin is https://app.example, without a path")
    return text


def _host(text: str) -> str:
    if not text or any(each in text for each in "/:@ "):
        raise argparse.ArgumentTypeError(f"{text!r} is not a host name; a host name is app.example, without a port")
    return text


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form K=V")
    return name, value


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise argparse.ArgumentTypeError(f"{text!r} is not an http:// or https:// URL")
    return text.rstrip("/")


if __name__ == "__main__":
    sys.exit(main())
