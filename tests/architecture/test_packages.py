"""What holds of the whole tree."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import adapters
import aws_client
import chat_core
import entrypoints
import local_aws
from chat_core import ports

REPOSITORY = Path(__file__).parents[2]
SOURCES = REPOSITORY / "src"
CONTRACTS = REPOSITORY / "tests" / "contract"
SUPPORT = REPOSITORY / "tests" / "support"

ROOTS = (chat_core, adapters, aws_client, entrypoints, local_aws)


def packages() -> list[str]:
    roots = ROOTS
    found = [root.__name__ for root in roots]
    for root in roots:
        found += [each.name for each in pkgutil.walk_packages(root.__path__, f"{root.__name__}.") if each.ispkg]
    return found


def modules_of(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


def imported_roots(path: Path) -> set[str]:
    roots = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add((node.module or "").split(".")[0])
    return roots


@pytest.mark.parametrize("package", ROOTS, ids=lambda package: package.__name__)
def test_our_packages_are_the_ones_imported(package: object) -> None:
    """Unrelated distributions on PyPI import as `adapters` and `entrypoints`."""
    assert SOURCES in Path(str(package.__file__)).parents  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", packages())
def test_every_package_says_what_it_offers(name: str) -> None:
    """What is not in `__all__` may change without notice, so every name in it has to be there."""
    package = importlib.import_module(name)
    assert sorted(package.__all__) == sorted(set(package.__all__))
    assert [each for each in package.__all__ if not hasattr(package, each)] == []


def test_core_imports_a_name_when_it_is_used() -> None:
    """A function's cold start pays for each dataclass that it creates, and needs a few of them."""
    check = "import chat_core, sys; chat_core.Handshake; print(*(m for m in sys.modules if 'chat_core' in m))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, cwd=SOURCES)
    assert "chat_core.use_cases.open_connection" in done.stdout
    assert "chat_core.domain.report" not in done.stdout
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = chat_core.nothing  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", modules_of(SOURCES / "chat_core"), ids=lambda path: path.stem)
def test_core_imports_the_standard_library_alone(path: Path) -> None:
    """It has to run wherever Python does, behind any transport."""
    assert imported_roots(path) - sys.stdlib_module_names <= {"chat_core"}


@pytest.mark.parametrize("path", modules_of(SOURCES / "chat_core"), ids=lambda path: path.stem)
def test_core_leaves_the_event_loop_to_its_caller(path: Path) -> None:
    """Which loop drives it, or none, is the entrypoint's choice."""
    assert "asyncio" not in imported_roots(path)


def test_adapters_load_no_library_but_their_own() -> None:
    """Importing the memory adapter never loads boto3: a cold start pays for what it uses."""
    check = "import adapters.memory, sys; print([m for m in ('boto3', 'botocore', 'pynamodb') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, cwd=SOURCES)
    assert done.stdout.strip() == "[]"


def test_every_port_with_adapters_has_a_contract_suite_over_all_of_them() -> None:
    """A port is found in `ports/`, its adapters under the same module name, its suite in `tests/contract/`."""
    held = "".join(
        path.read_text() for path in [CONTRACTS / "conftest.py", SUPPORT / "sinks.py", SUPPORT / "stores.py"]
    )
    for port in modules_of(Path(ports.__path__[0])):
        implementations = [path for path in modules_of(SOURCES / "adapters") if path.name == port.name != "__init__.py"]
        if not implementations:
            continue
        assert (CONTRACTS / f"test_{port.name}").exists()
        for path in implementations:
            classes = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
            adapter = next(name for name in classes if name.lower().endswith(port.stem.replace("_", "")))
            assert adapter in held, f"{adapter} is not held against the contract of {port.stem}"


@pytest.mark.parametrize("path", modules_of(SOURCES), ids=lambda path: str(path.relative_to(SOURCES)))
def test_no_module_is_longer_than_can_be_held_in_mind(path: Path) -> None:
    """Four hundred lines is where the codebases that we learn from stop."""
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("package", ROOTS, ids=lambda package: package.__name__)
def test_types_are_offered_to_users(package: object) -> None:
    """Without the marker of PEP 561 a type checker takes everything that is imported for `Any`."""
    assert Path(str(package.__file__)).with_name("py.typed").exists()  # type: ignore[attr-defined]
