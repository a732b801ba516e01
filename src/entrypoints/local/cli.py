"""The command `chat`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chat_core.domain.room_settings import WrongSettings
from entrypoints.local.options import DEFAULT_PAGE_PORT, DEFAULT_TEMPLATE, STACK_NAME, ChatOptions
from entrypoints.local.rooms import ROOMS_FILE, check_rooms
from local_aws.cli import add_options, port, read_options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = parse(arguments)
    # Imported late, so that a mistake in the command line is reported at once.
    from entrypoints.local.run import run_chat  # noqa: PLC0415

    return asyncio.run(run_chat(options))


def parse(arguments: Sequence[str] | None = None) -> ChatOptions:
    """Read the command line.

    Raises:
        SystemExit: an argument is wrong, or help was requested; argparse has printed it.

    """
    parser = argparse.ArgumentParser(prog="chat", description="A serverless WebSocket chat.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    local = commands.add_parser(
        "local",
        help="run the chat, or any WebSocket API's template, on this machine",
        description="Run a CloudFormation or SAM template with a WebSocket API and Python functions on this machine: "
        "no AWS account, no Docker. Ctrl-C stops everything.",
        epilog="The guide is docs/local_aws/guide.md.",
    )
    add_options(local, template=DEFAULT_TEMPLATE, whose="this chat's")
    local.add_argument(
        "--page-port",
        type=port,
        metavar="N",
        help=f"the chat page's port; 0 takes any free one (default: {DEFAULT_PAGE_PORT}, or any if that is taken)",
    )
    local.add_argument(
        "--rooms",
        type=Path,
        metavar="PATH",
        help="the options of rooms (default: rooms.json of this chat); docs/rooms.md explains them",
    )
    given = parser.parse_args(arguments)
    emulator = replace(read_options(local, given), stack_name=STACK_NAME)
    if given.rooms:
        rooms = given.rooms.absolute()
        emulator = replace(emulator, environment={"ROOMS_FILE": str(rooms)}, function_files=frozenset([rooms]))
    if given.rooms or emulator.template == DEFAULT_TEMPLATE:
        _check_rooms(local, given.rooms or ROOMS_FILE)
    return ChatOptions(
        emulator=emulator,
        # `--port 0` asks for no collision, so the page must not collide either.
        page_port=0 if given.page_port is None and given.port == 0 else given.page_port,
    )


def _check_rooms(parser: argparse.ArgumentParser, path: Path) -> None:
    """Refuse a file of rooms that the functions could not use."""
    try:
        check_rooms(path)
    except WrongSettings as exc:
        parser.error(str(exc))


if __name__ == "__main__":
    sys.exit(main())
