"""`python -m tools.artifact`: see the package's docstring."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from chat_core.domain.room_settings import WrongSettings
from tools.artifact.build import ADAPTERS, DEFAULT_ADAPTERS, REPOSITORY, build
from tools.artifact.target import ARCHITECTURES, BadTarget, Target
from tools.artifact.templates import UnknownCode
from tools.artifact.wheels import NoWheels


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a command; return the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        target = Target(python=asked.python, architecture=asked.arch)
        built = build(target, adapters=asked.adapters, output=asked.output, log=print)
    except (BadTarget, NoWheels, UnknownCode, WrongSettings) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    for each in built:
        sizes = f"{_megabytes(each.packed_bytes)} packed, {_megabytes(each.unpacked_bytes)} unpacked"
        print(f"{each.path}  {sizes}, for python{target.python} on {target.architecture}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.artifact", description="Build the artifact for Lambda.")
    parser.add_argument("--arch", default="arm64", choices=ARCHITECTURES, help="default: %(default)s")
    parser.add_argument("--adapters", default=DEFAULT_ADAPTERS, choices=ADAPTERS, help="default: %(default)s")
    parser.add_argument("--python", default="3.13", metavar="X.Y", help="default: %(default)s")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "build", metavar="FOLDER")
    return parser


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


if __name__ == "__main__":
    sys.exit(main())
