"""Hot reload: after an edit, the next event runs the edited code."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence
from importlib.util import cache_from_source
from pathlib import Path

from local_aws.dev.watch import changes, stamps
from local_aws.lambda_ import Functions


class Reloader:
    """Replaces the execution environments of the functions whose code changed; connections stay open."""

    def __init__(
        self,
        *,
        functions: Functions,
        code: Collection[Path],
        shared: Collection[Path],
        read_once: Collection[Path],
        log: Callable[[str], None],
    ) -> None:
        """Record the current state of the files: later changes are compared with it.

        Args:
            functions: The functions.
            code: Their code folders.
            shared: Files that all of them read.
            read_once: Files that are read at start-up only, such as the template.
            log: Called with one line at a time.

        """
        self._functions = functions
        self._code = frozenset(code)
        self._shared = frozenset(shared)
        self._read_once = frozenset(read_once)
        self._log = log
        self._watched = self._code | self._shared | self._read_once
        self._before = stamps(self._watched)

    async def run(self) -> None:
        """Watch the files until cancelled."""
        async with asyncio.TaskGroup() as warming:
            async for changed in changes(self._watched, before=self._before):
                self._ask_for_restart(sorted(changed & self._read_once))
                if edited := sorted(changed - self._read_once):
                    self._replace(edited)
                    # Loading the code now reports a syntax error at once instead of at the next event.
                    warming.create_task(self._functions.warm())

    def _ask_for_restart(self, changed: Sequence[Path]) -> None:
        if changed:
            self._log(f"Restart needed: {_named(changed)} changed, and it is read only at start-up")

    def _replace(self, edited: Sequence[Path]) -> None:
        for path in edited:
            _forget_compiled(path)
        folders = {folder for folder in self._code for path in edited if path.is_relative_to(folder)}
        self._functions.replace_environments(below=None if self._shared.intersection(edited) else folders)
        self._log(f"Reloaded: {_named(edited)} changed")


def _forget_compiled(path: Path) -> None:
    """Delete Python's compiled copy of a file.

    Python considers it current if the source's size and modification time in whole seconds match (PEP 3147). After two
    edits within a second both may match although the code differs.
    """
    if path.suffix == ".py":
        with contextlib.suppress(OSError):
            Path(cache_from_source(str(path))).unlink(missing_ok=True)


def _named(paths: Sequence[Path]) -> str:
    first, *others = paths
    here = Path.cwd()
    name = str(first.relative_to(here) if first.is_relative_to(here) else first)
    return f"{name} and {len(others)} more" if others else name
