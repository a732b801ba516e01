"""A deployment package made of links: our functions and their dependencies, with or without bytecode.

It runs in an empty virtual environment, which has only the package and the standard library, like Lambda's interpreter.
Other packages would make a difference: dependency-injector imports web frameworks if they are installed.
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
    """Make an interpreter that has only its standard library; return its path."""
    venv.create(directory, symlinks=True, with_pip=False)
    return directory / "bin" / "python"


def build(directory: Path, *, extra: Sequence[str] = (), bytecode: bool) -> None:
    """Link `src` and all requirements of the extra `aws` into the directory.

    Args:
        directory: the package's directory, which may exist already.
        extra: the names of further distributions.
        bytecode: whether every module has its bytecode.

    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["optional-dependencies"]["aws"], *extra]
    _link(((each.relative_to(ROOT / "src"), each) for each in (ROOT / "src").rglob("*.py")), directory)
    for distribution in closure(map(requirement_name, wanted)):
        _link(_installed(distribution, bytecode=bytecode), directory)
    if bytecode:
        # pip has compiled the modules, and bytecode is valid next to a link to its source.
        subprocess.run([sys.executable, "-m", "compileall", "-q", directory], check=True, stdout=subprocess.DEVNULL)


def closure(names: Iterable[str]) -> list[metadata.Distribution]:
    """Return these installed distributions and all their requirements, except those of extras and other markers."""
    found: dict[str, metadata.Distribution] = {}
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            # A marker excludes it from this environment.
            continue
        pending += [requirement_name(each) for each in found[name].requires or () if "extra ==" not in each]
    return list(found.values())


def requirement_name(requirement: str) -> str:
    """Return the normalised name in a requirement (PEP 503), as `aio-boto` of `aio_boto[x]>=2; python_version>'3'`."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def _installed(distribution: metadata.Distribution, *, bytecode: bool) -> Iterator[tuple[Path, Path]]:
    """Return the target and the source of each file of the distribution."""
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
