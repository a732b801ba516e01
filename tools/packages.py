"""`python -m tools.packages`: build what is published on PyPI, a source distribution and a wheel for each product.

A wheel of `src/` as it is would install packages named `adapters` and `entrypoints`, and other distributions have
packages of these names. So each product is laid out in a temporary folder as a project of its own, with one import
name. hatchling builds it there, and no setting leads out of that folder. See docs/decisions/0008-two-wheels.md.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Product:
    """A distribution."""

    name: str
    """On PyPI; `packaging/` has a folder of this name, with what the distribution says of itself."""
    packages: Mapping[str, str]
    """The packages of `src/` that are in it, and the names under which it has them."""


PRODUCTS = (
    Product(name="chat-core", packages={"chat_core": "chat_core", "adapters.memory": "chat_core.memory"}),
    Product(name="local-aws", packages={"local_aws": "local_aws", "aws_client": "local_aws.aws_client"}),
)


def build(product: Product, output: Path) -> list[Path]:
    """Build both distributions of a product, the wheel from the source distribution; return their paths."""
    with tempfile.TemporaryDirectory() as folder:
        project, unpacked = Path(folder, "project"), Path(folder, "unpacked")
        lay_out(product, project)
        source = _hatchling("sdist", project, output)
        with tarfile.open(source) as archive:
            archive.extractall(unpacked, filter="data")
        (root,) = unpacked.iterdir()
        return [source, _hatchling("wheel", root, output)]


def lay_out(product: Product, project: Path) -> None:
    """Make the product's project in a folder that does not exist yet."""
    shutil.copytree(REPOSITORY / "packaging" / product.name, project)
    shutil.copyfile(REPOSITORY / "LICENSE", project / "LICENSE")
    for package, name in product.packages.items():
        target = project / "src" / _folder(name)
        shutil.copytree(REPOSITORY / "src" / _folder(package), target, ignore=shutil.ignore_patterns("__pycache__"))
    moved = {package: name for package, name in product.packages.items() if package != name}
    for path in sorted(project.glob("src/**/*.py")):
        path.write_text(renamed(path.read_text(encoding="utf-8"), moved), encoding="utf-8")


def renamed(code: str, moved: Mapping[str, str]) -> str:
    """Return the code with its imports of moved packages changed to their names in the distribution.

    Lines stay where they are, so that a traceback leads to the same line of the repository.
    """
    for package, name in moved.items():
        code = re.sub(rf"(?m)^(\s*(?:from|import) ){re.escape(package)}(?=[.\s])", rf"\g<1>{name}", code)
    return code


def unready(version: str) -> list[str]:
    """Return why this version cannot be released, one reason each."""
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    reasons = [] if f"\n## [{version}]" in changelog else [f"CHANGELOG.md has no section [{version}]"]
    projects = ["pyproject.toml", *(f"packaging/{product.name}/pyproject.toml" for product in PRODUCTS)]
    for project in projects:
        stated = tomllib.loads((REPOSITORY / project).read_text(encoding="utf-8"))["project"]["version"]
        if stated != version:
            reasons.append(f"{project} has version {stated}")
    return reasons


def _folder(package: str) -> Path:
    return Path(*package.split("."))


def _hatchling(kind: str, project: Path, output: Path) -> Path:
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", folder]
        subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        (built,) = Path(folder).iterdir()
        return Path(shutil.copy(built, output))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.packages", description="Build what is published on PyPI.")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "dist", metavar="FOLDER", help="default: dist")
    parser.add_argument("--release", metavar="VERSION", help="refuse unless everything says that this is the version")
    asked = parser.parse_args(arguments)
    if asked.release is not None and (reasons := unready(asked.release)):
        print(f"error: not {asked.release}: {'; '.join(reasons)}", file=sys.stderr)
        return 1
    for product in PRODUCTS:
        for path in build(product, asked.output):
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
