"""The target of an artifact: a Python version and an architecture of Lambda."""

import re
from dataclasses import dataclass

ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Linux's name of each of Lambda's architectures."""

OLDEST_ON_AMAZON_LINUX_2023 = (3, 12)


class BadTarget(Exception):
    """The target does not exist; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A runtime such as `python3.13` on an architecture such as `arm64`."""

    python: str
    architecture: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"3\.\d+", self.python):
            raise BadTarget(f"{self.python!r} is not a Python version such as 3.13")
        if self.architecture not in ARCHITECTURES:
            raise BadTarget(f"Lambda has no architecture {self.architecture!r}, but {' and '.join(ARCHITECTURES)}")

    @property
    def version(self) -> tuple[int, int]:
        """The version as numbers."""
        major, minor = self.python.split(".")
        return int(major), int(minor)

    @property
    def platform(self) -> str:
        """The newest wheels that run there, in uv's words.

        A wheel for a C library runs on it and on every later one (PEP 600). The runtimes from Python 3.12 on have glibc
        2.34 (Amazon Linux 2023). Those before have 2.26 (Amazon Linux 2), of which uv knows no wheels newer than 2.17.
        """
        newest = "2_34" if self.version >= OLDEST_ON_AMAZON_LINUX_2023 else "2_17"
        return f"{ARCHITECTURES[self.architecture]}-manylinux_{newest}"
