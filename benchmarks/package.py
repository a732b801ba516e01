"""A deployment package made of links: our functions, and beside them what they import, with bytecode or without.

It runs in an empty virtual environment, which finds nothing but the package and the standard library, as Lambda's
interpreter does. What else is installed would count: dependency-injector imports web frameworks where it finds them.
"""

import re
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent


def empty_interpreter(directory: Path) -> Path:
    """Make an interpreter that finds its standard library alone, and return where it is."""
    venv.create(directory, symlinks=True, with_pip=False)
    return directory / "bin" / "python"


def build(directory: Path, *, extra: Sequence[str] = (), bytecode: bool) -> None:
    """Link `src` and all that the extra `aws` asks for into the directory.

    Args:
        directory: where to; it may be there already.
        extra: the names of further distributions.
        bytecode: whether every module comes with its bytecode.

    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["optional-dependencies"]["aws"], *extra]
    _link(((each.relative_to(ROOT / "src"), each) for each in (ROOT / "src").rglob("*.py")), directory)
    for distribution in closure(map(requirement_name, wanted)):
        _link(_installed(distribution, bytecode=bytecode), directory)
    if bytecode:
        # pip has compiled what it installed, and bytecode is valid beside a link to its source.
        subprocess.run([sys.executable, "-m", "compileall", "-q", directory], check=True, stdout=subprocess.DEVNULL)


def closure(names: Iterable[str]) -> list[metadata.Distribution]:
    """Return these installed distributions with all that they need; what only an extra or a marker asks for is not."""
    found: dict[str, metadata.Distribution] = {}
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            # A marker kept it out of this environment.
            continue
        pending += [requirement_name(each) for each in found[name].requires or () if "extra ==" not in each]
    return list(found.values())


def requirement_name(requirement: str) -> str:
    """Return the normalised name in a requirement (PEP 503), as `aio-boto` of `aio_boto[x]>=2; python_version>'3'`."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def _installed(distribution: metadata.Distribution, *, bytecode: bool) -> Iterator[tuple[Path, Path]]:
    """Return where each of its files goes, and where it is."""
    for file in distribution.files or ():
        if ".." in file.parts or (not bytecode and file.suffix == ".pyc"):
            continue
        yield Path(file), Path(str(distribution.locate_file(file)))


def _link(files: Iterable[tuple[Path, Path]], directory: Path) -> None:
    for relative, source in files:
        link = directory / relative
        link.parent.mkdir(parents=True, exist_ok=True)
        if source.is_file() and not link.exists():
            link.symlink_to(source)
