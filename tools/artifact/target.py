"""What an artifact is made for: a Python and a processor of Lambda's."""

import re
from dataclasses import dataclass

ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Linux's name of each of Lambda's architectures."""

OLDEST_ON_AMAZON_LINUX_2023 = (3, 12)


class BadTarget(Exception):
    """There is no such target; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A runtime such as `python3.13` on an architecture such as `arm64`."""

    python: str
    architecture: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"3\.\d+", self.python):
            raise BadTarget(f"{self.python!r} is no Python version such as 3.13")
        if self.architecture not in ARCHITECTURES:
            raise BadTarget(f"Lambda has no architecture {self.architecture!r}, but {' and '.join(ARCHITECTURES)}")

    @property
    def version(self) -> tuple[int, int]:
        """The version as numbers."""
        major, minor = self.python.split(".")
        return int(major), int(minor)

    @property
    def machine(self) -> str:
        """Linux's name of the architecture."""
        return ARCHITECTURES[self.architecture]

    @property
    def platforms(self) -> list[str]:
        """The wheel platforms that run there, newest first.

        A wheel for a C library runs on it and on every later one (PEP 600); the runtimes from Python 3.12 on have
        glibc 2.34 (Amazon Linux 2023), those before have 2.26 (Amazon Linux 2).
        """
        newest = 34 if self.version >= OLDEST_ON_AMAZON_LINUX_2023 else 26
        platforms = [f"manylinux_2_{minor}_{self.machine}" for minor in range(newest, 16, -1)]
        return [*platforms, f"manylinux2014_{self.machine}"]

    @property
    def markers(self) -> dict[str, str]:
        """The values of the environment markers there (PEP 508)."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }
