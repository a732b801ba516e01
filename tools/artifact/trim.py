"""Removes files that no function reads from sources and wheels: a smaller archive starts faster."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

AWS_SERVICES = {"apigatewaymanagementapi", "dynamodb", "sqs", "sts"}
"""The services that functions call through the SDK, or that the SDK calls itself."""

_FOLDERS = {"__pycache__", "tests"}
_SUFFIXES = {".c", ".cpp", ".h", ".pxd", ".pxi", ".pyi", ".pyx"}
_NAMES = {"py.typed"}
# No package in the locks reads its metadata at run time: tests/tools/test_artifact.py runs every handler.
_METADATA = ".dist-info"

_OUR_OTHERS = ("local_aws", "entrypoints/local", "adapters/memory")
"""Packages of src/ that are only for laptops and tests."""


def copy_sources(sources: Path, folder: Path, *, with_sdk: bool) -> None:
    """Copy the parts of our packages that functions use; without the SDK, omit the reference adapters as well."""
    left_out = {sources / each for each in _OUR_OTHERS}
    if not with_sdk:
        left_out |= set(sources.glob("adapters/*/sdk"))

    def ignored(parent: str, names: list[str]) -> set[str]:
        return {name for name in names if Path(parent, name) in left_out or _is_superfluous(Path(parent, name))}

    packages = {path.parent for path in sources.glob("*/__init__.py")}
    for package in sorted(packages - left_out):
        shutil.copytree(package, folder / package.name, ignore=ignored)


def trim(folder: Path) -> None:
    """Remove files from unpacked wheels that are not read at run time."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if _is_superfluous(path):
            _remove(path)
    if (folder / "botocore").is_dir():
        _trim_sdk(folder)
    _remove_empty_folders(folder)


def _is_superfluous(path: Path) -> bool:
    if path.is_dir():
        return path.name in _FOLDERS or path.name.endswith(_METADATA)
    return path.suffix in _SUFFIXES or path.name in _NAMES


def _trim_sdk(folder: Path) -> None:
    """Keep only the descriptions of the used services: there are four hundred, read in each cold start."""
    for data in (folder / "botocore" / "data", folder / "boto3" / "data"):
        for path in data.iterdir():
            if path.is_dir() and path.name not in AWS_SERVICES:
                shutil.rmtree(path)
    for path in folder.glob("boto*/examples"):
        shutil.rmtree(path)
    _rewrite(folder / "botocore" / "data" / "endpoints.json", _of_our_services)


def _of_our_services(endpoints: dict[str, object]) -> None:
    for partition in endpoints["partitions"]:  # type: ignore[attr-defined]
        partition["services"] = {name: each for name, each in partition["services"].items() if name in AWS_SERVICES}


def _rewrite(path: Path, change: Callable[[dict[str, object]], None]) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _remove_empty_folders(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
