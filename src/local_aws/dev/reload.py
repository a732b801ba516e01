"""New code for running functions: after an edit, the next event runs what is there then."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence
from importlib.util import cache_from_source
from pathlib import Path

from local_aws.dev.watch import changes, stamps
from local_aws.lambda_ import Functions


class Reloader:
    """Replaces the execution environments of the functions whose code changed; open connections do not notice."""

    def __init__(
        self, *, functions: Functions, code: Collection[Path], read_once: Collection[Path], log: Callable[[str], None]
    ) -> None:
        """Take what is to be kept up to date, and note how it is now.

        Args:
            functions: The functions.
            code: Their code folders.
            read_once: Files that only a restart reads again, such as the template.
            log: Takes one line at a time.

        """
        self._functions = functions
        self._code = frozenset(code)
        self._read_once = frozenset(read_once)
        self._log = log
        self._before = stamps(self._code | self._read_once)

    async def run(self) -> None:
        """Follow the files until cancelled."""
        async with asyncio.TaskGroup() as warming:
            async for changed in changes(self._code | self._read_once, before=self._before):
                self._ask_for_restart(sorted(changed & self._read_once))
                if edited := sorted(changed - self._read_once):
                    self._replace(edited)
                    # A mistake that keeps the code from loading is thereby told at once, and not at the next event.
                    warming.create_task(self._functions.warm())

    def _ask_for_restart(self, changed: Sequence[Path]) -> None:
        if changed:
            self._log(f"Restart needed: {_named(changed)} changed, which is read at the start alone")

    def _replace(self, edited: Sequence[Path]) -> None:
        for path in edited:
            _forget_compiled(path)
        folders = {folder for folder in self._code for path in edited if path.is_relative_to(folder)}
        self._functions.replace_environments(below=folders)
        self._log(f"Reloaded: {_named(edited)} changed")


def _forget_compiled(path: Path) -> None:
    """Remove what Python keeps of a file.

    It holds that for current where the size and the modification time in whole seconds are the same (PEP 3147), which
    after two edits within one second they may be.
    """
    if path.suffix == ".py":
        with contextlib.suppress(OSError):
            Path(cache_from_source(str(path))).unlink(missing_ok=True)


def _named(paths: Sequence[Path]) -> str:
    first, *others = paths
    here = Path.cwd()
    name = str(first.relative_to(here) if first.is_relative_to(here) else first)
    return f"{name} and {len(others)} more" if others else name
