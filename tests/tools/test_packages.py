"""The distributions for PyPI, built and installed as on a user's machine."""

import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tools.packages import PRODUCTS, REPOSITORY, Product, build, main, renamed

BY_NAME = {product.name: product for product in PRODUCTS}
IMPORT_NAMES = {"chat-core": "chat_core", "local-aws": "local_aws"}

each_product = pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)

EMBEDDED = """
import asyncio
from chat_core import Chat, Frame, Handshake
from chat_core.memory import MemoryMessageSink, MemoryRoomFeed, MemoryRoomHistory, MemoryRooms

async def main() -> None:
    sink = MemoryMessageSink()
    received: list[str] = []

    async def receive_payload(payload: str) -> None:
        received.append(payload)

    sink.attach("ada", receive_payload)
    chat = Chat.of(
        store=MemoryRooms(),
        feed=MemoryRoomFeed(),
        history=MemoryRoomHistory(),
        sink=sink,
        start_task=asyncio.create_task,
        sleep=asyncio.sleep,
    )
    await chat.open_connection(Handshake(connection_id="ada"))
    await chat.receive_frame(Frame(connection_id="ada", text='{"action":"sendmessage","data":"live long"}'))
    print(received)

asyncio.run(main())
"""

EVERY_MODULE = """
import importlib, pkgutil, sys
root = importlib.import_module(sys.argv[1])
for each in pkgutil.walk_packages(root.__path__, root.__name__ + "."):
    if not each.name.endswith(("__main__", "debug_listen")):
        assert importlib.import_module(each.name).__file__.startswith(sys.prefix), each.name
"""


def project_of(product: Product) -> dict[str, Any]:
    return read(REPOSITORY / "packaging" / product.name / "pyproject.toml")


def read(path: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    return project


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build everything once."""
    output = tmp_path_factory.mktemp("dist")
    assert main(["--output", str(output)]) == 0
    return output


@pytest.fixture(scope="module")
def python(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheels into an environment of their own, without any other distribution; return its Python."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps", "--quiet"]
    wheels = [str(path) for path in dist.glob("*.whl")]
    subprocess.run([*command, "--disable-pip-version-check", *wheels], check=True)
    return python


def run(python: Path, code: str, *arguments: str, libraries: bool = False) -> str:
    """Run code away from the repository; `libraries` lets it import those that the tests have."""
    environment = {"PYTHONPATH": sysconfig.get_path("purelib")} if libraries else {}
    command = [str(python), "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=python.parent, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@each_product
def test_wheel_has_one_import_name(dist: Path, product: Product) -> None:
    """Packages named `adapters` or `aws_client` would overwrite those of unrelated distributions."""
    (wheel,) = dist.glob(f"{IMPORT_NAMES[product.name]}-*.whl")
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {name for name in names if not name.endswith(".dist-info")} == {IMPORT_NAMES[product.name]}


@each_product
def test_wheel_has_every_module_and_its_types(dist: Path, product: Product) -> None:
    """A missing module would fail at a user's import; without `py.typed` type checkers ignore the types."""
    (wheel,) = dist.glob(f"{IMPORT_NAMES[product.name]}-*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())

    for package, name in product.packages.items():
        folder = REPOSITORY / "src" / package.replace(".", "/")
        modules = {f"{name.replace('.', '/')}/{path.relative_to(folder)}" for path in folder.rglob("*.py")}
        assert modules - held == set()
    assert f"{IMPORT_NAMES[product.name]}/py.typed" in held


@each_product
def test_source_distribution_stands_by_itself(dist: Path, product: Product) -> None:
    """It has everything that a build needs, the licence included, and no links to files outside."""
    (source,) = dist.glob(f"{IMPORT_NAMES[product.name]}-*.tar.gz")
    with tarfile.open(source) as archive:
        names = {member.name.partition("/")[2]: member for member in archive.getmembers()}

    assert {"LICENSE", "PKG-INFO", "README.md", "pyproject.toml"} <= names.keys()
    assert all(member.isfile() and ".." not in name for name, member in names.items())


def test_builds_are_the_same_each_time(tmp_path: Path, dist: Path) -> None:
    """An attested distribution can be rebuilt and compared."""
    for path in build(BY_NAME["chat-core"], tmp_path):
        assert path.read_bytes() == (dist / path.name).read_bytes()


def test_core_delivers_without_anything_else_installed(python: Path) -> None:
    """The core depends on Python alone; an embedder starts with the memory adapters."""
    assert run(python, EMBEDDED) == "['live long']\n"


def test_types_of_the_core_reach_its_users(python: Path, tmp_path: Path) -> None:
    """A strict type checker finds no missing types."""
    program = tmp_path / "embedded.py"
    program.write_text(EMBEDDED, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python), "--cache-dir", "cache"]
    done = subprocess.run([*command, str(program)], capture_output=True, text=True, cwd=tmp_path, check=False)

    assert done.returncode == 0, done.stdout


@each_product
def test_every_module_can_be_imported(python: Path, product: Product) -> None:
    """An import with the repository's package name would fail only for users."""
    run(python, EVERY_MODULE, IMPORT_NAMES[product.name], libraries=True)


def test_emulator_has_its_command(python: Path) -> None:
    """The page on PyPI starts with the command."""
    environment = {"PYTHONPATH": sysconfig.get_path("purelib")}
    command = [str(python.with_name("local-aws")), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)

    assert "--template" in done.stdout


def test_moved_imports_are_renamed_and_nothing_else() -> None:
    """A name that only starts like a moved package belongs to another package."""
    code = "from aws_client.pool import Pool\n    import aws_client\nfrom aws_clients import x\n# from aws_client\n"
    moved = {"aws_client": "local_aws.aws_client"}

    assert renamed(code, moved).splitlines() == [
        "from local_aws.aws_client.pool import Pool",
        "    import local_aws.aws_client",
        "from aws_clients import x",
        "# from aws_client",
    ]


def test_versions_are_one() -> None:
    """One tag releases both, and the changelog has one version."""
    versions = {project_of(product)["version"] for product in PRODUCTS}

    assert versions == {read(REPOSITORY / "pyproject.toml")["version"]}


def test_release_is_refused_unless_everything_says_its_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tag can be mistyped, and a version on PyPI can never be reused."""
    assert main(["--output", str(tmp_path), "--release", "99.0.0"]) == 1

    error = capsys.readouterr().err
    assert "CHANGELOG.md has no section [99.0.0]" in error
    assert "packaging/local-aws/pyproject.toml has version" in error
    assert list(tmp_path.iterdir()) == []


def test_project_itself_is_not_published() -> None:
    """PyPI refuses a distribution with this classifier, whoever uploads it."""
    assert "Private :: Do Not Upload" in read(REPOSITORY / "pyproject.toml")["classifiers"]


def test_dependencies_of_the_emulator_are_those_of_the_repository() -> None:
    """Tests run with one list, users install the other."""
    local = read(REPOSITORY / "pyproject.toml")["optional-dependencies"]["local"]
    of_the_emulator = {each for each in local if not each.startswith("serverless-websocket-chat")}
    of_the_client = set(read(REPOSITORY / "pyproject.toml")["optional-dependencies"]["functions"])

    declared = set(project_of(BY_NAME["local-aws"])["dependencies"])
    assert of_the_emulator <= declared
    assert declared - of_the_emulator <= of_the_client
    assert project_of(BY_NAME["chat-core"])["dependencies"] == []


def test_what_the_emulator_imports_is_among_its_dependencies_or_comes_with_them() -> None:
    """A library that only the tests bring would be missing on a user's machine."""
    found: set[str] = set()
    for package in BY_NAME["local-aws"].packages:
        for path in (REPOSITORY / "src" / package).rglob("*.py"):
            found |= set(re.findall(r"(?m)^\s*(?:from|import) (\w+)", path.read_text(encoding="utf-8")))
    distributions = metadata.packages_distributions()
    foreign = found - sys.stdlib_module_names - {"aws_client", "local_aws"} - OPTIONAL
    wanted = {normalized(distributions[name][0]) for name in foreign}

    assert len(wanted) > 8
    assert wanted - closure(project_of(BY_NAME["local-aws"])["dependencies"]) == set()


OPTIONAL = {"debugpy"}
"""What `--debug-port` asks its user to install."""


def closure(requirements: list[str]) -> set[str]:
    """Return what comes with these requirements, whatever their markers say."""
    found: set[str] = set()
    waiting = list(requirements)
    while waiting:
        requirement = waiting.pop()
        name = normalized(re.match(r"[\w.-]+", requirement)[0])  # type: ignore[index]
        extras = re.findall(r"[\w-]+", (re.match(r"[\w.-]+\[([^]]*)\]", requirement) or ["", ""])[1])
        for each in () if name in found and not extras else requires(name):
            extra = re.search(r"extra == ['\"]([\w-]+)['\"]", each)
            if extra is None or extra[1] in extras:
                waiting.append(each)
        found.add(name)
    return found


def requires(name: str) -> list[str]:
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
