"""The parts of a build that need no network."""

import hashlib
import sys
import zipfile
from pathlib import Path

import pytest

from chat_core.domain.room_settings import WrongSettings
from tools.artifact import archive, bytecode, templates, trim, wheels
from tools.artifact.build import build
from tools.artifact.target import BadTarget, Target

ARM = Target(python="3.13", architecture="arm64")


@pytest.mark.parametrize(("python", "architecture"), [("3", "arm64"), ("3.13.1", "arm64"), ("3.13", "aarch64")])
def test_target_that_lambda_does_not_have_is_refused(python: str, architecture: str) -> None:
    """A target has Lambda's names: `arm64`, not `aarch64`."""
    with pytest.raises(BadTarget):
        Target(python=python, architecture=architecture)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is the only place with wheels."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    return folder


def wheel(index: Path, name: str, tag: str = "py3-none-any") -> str:
    """Make a wheel with one module and a command; return its hash."""
    path, metadata = index / f"{name}-1.0-{tag}.whl", f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", f"tag = {tag!r}\n")
        archive.writestr(f"{name}-1.0.data/scripts/{name}", "#!python\n")
        archive.writestr(f"{metadata}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{metadata}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{metadata}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("python", "architecture", "taken"),
    [
        ("3.13", "arm64", "manylinux_2_34_aarch64"),
        ("3.13", "x86_64", "manylinux_2_34_x86_64"),
        ("3.11", "x86_64", "manylinux_2_17_x86_64"),
    ],
)
def test_wheels_for_a_newer_c_library_than_the_runtimes_are_not_taken(
    index: Path, tmp_path: Path, python: str, architecture: str, taken: str
) -> None:
    """Amazon Linux 2 has glibc 2.26 and Amazon Linux 2023 has 2.34."""
    tags = [f"manylinux_2_{minor}_{machine}" for minor in (17, 27, 34, 35) for machine in ("aarch64", "x86_64")]
    hashes = [wheel(index, "native", f"py3-none-{each}") for each in [*tags, "macosx_11_0_arm64"]]
    lock = tmp_path / "lock.txt"
    lock.write_text("native==1.0 " + " ".join(f"--hash=sha256:{each}" for each in hashes), encoding="utf-8")
    wheels.install(lock, Target(python=python, architecture=architecture), tmp_path / "out")
    assert (tmp_path / "out" / "native.py").read_text() == f"tag = 'py3-none-{taken}'\n"


def test_markers_are_judged_by_the_target(index: Path, tmp_path: Path) -> None:
    """The machine that builds may run another Python on another system."""
    lines = {
        "always": "",
        "backport": "; python_full_version < '3.13'",
        "windows": "; sys_platform == 'win32'",
        "arm": "; platform_machine == 'aarch64'",
    }
    lock = tmp_path / "lock.txt"
    text = [f"{name}==1.0 {marker} --hash=sha256:{wheel(index, name)}" for name, marker in lines.items()]
    lock.write_text("\n".join(text), encoding="utf-8")
    wheels.install(lock, ARM, tmp_path / "new")
    wheels.install(lock, Target(python="3.12", architecture="x86_64"), tmp_path / "old")
    assert {path.stem for path in (tmp_path / "new").glob("*.py")} == {"always", "arm"}
    assert {path.stem for path in (tmp_path / "old").glob("*.py")} == {"always", "backport"}


def test_only_packages_are_installed(index: Path, tmp_path: Path) -> None:
    """A command names the Python of the machine that builds, so that archives would differ from machine to machine."""
    lock = tmp_path / "lock.txt"
    lock.write_text(f"one==1.0 --hash=sha256:{wheel(index, 'one')}", encoding="utf-8")
    wheels.install(lock, ARM, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"one.py", "one-1.0.dist-info"}


def test_wheel_for_another_hash_than_the_locks_is_refused(index: Path, tmp_path: Path) -> None:
    """A package that was replaced on the way must not get into an artifact."""
    wheel(index, "one")
    lock = tmp_path / "lock.txt"
    lock.write_text(f"one==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    with pytest.raises(wheels.NoWheels, match="Hash mismatch"):
        wheels.install(lock, ARM, tmp_path / "out")


def test_archives_of_equal_contents_are_equal(tmp_path: Path) -> None:
    """They depend neither on the order of the files nor on their times, modes or folder."""
    names = ["b.py", "a/c.py", "a.py"]
    for folder, order in (("one", names), ("two", names[::-1])):
        for name in order:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name, encoding="utf-8")
            path.chmod(0o600 if folder == "one" else 0o664)
        archive.settle(tmp_path / folder)
        archive.pack(tmp_path / folder, tmp_path / f"{folder}.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_every_file_can_be_read_by_lambdas_user(tmp_path: Path) -> None:
    """Lambda runs the code as another user than its owner, and cannot import files that only the owner can read."""
    path = tmp_path / "in" / "module.py"
    path.parent.mkdir()
    path.touch()
    path.chmod(0o600)
    archive.pack(tmp_path / "in", tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as packed:
        assert packed.getinfo("module.py").external_attr >> 16 == 0o100644


def test_bytecode_is_used_whatever_the_times_of_the_files(tmp_path: Path) -> None:
    """Bytecode that depends on the time of its source is ignored once that time has changed."""
    (tmp_path / "module.py").write_text("names = {'a', 'b', 'c'}\n", encoding="utf-8")
    bytecode.compile_all(tmp_path, Path(sys.executable))
    (compiled,) = tmp_path.glob("__pycache__/module.*.pyc")
    # PEP 552: bit 0 means that the file has a hash, not a time; bit 1 means that the hash is checked.
    assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 0b01
    assert b"/var/task/module.py" in compiled.read_bytes()
    first = compiled.read_bytes()
    bytecode.compile_all(tmp_path, Path(sys.executable))
    assert compiled.read_bytes() == first


def test_running_python_compiles_for_its_own_version() -> None:
    """No other interpreter is needed."""
    running = Target(python="{}.{}".format(*sys.version_info), architecture="arm64")
    assert bytecode.interpreter(running) == Path(sys.executable)
    assert bytecode.interpreter(Target(python="3.99", architecture="arm64")) is None


def test_what_no_function_reads_is_left_out(tmp_path: Path) -> None:
    """Tests, sources of extensions, type stubs, metadata, and other services of the SDK are not needed."""
    kept = ["p/__init__.py", "p/x.so", "botocore/data/sqs/2012-11-05/service-2.json", "boto3/data/x.json"]
    dropped = ["p/tests/t.py", "p/x.c", "p/x.pyi", "p-1.dist-info/RECORD", "botocore/data/ec2/2016/service-2.json"]
    for name in [*kept, *dropped]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "botocore/data/endpoints.json").write_text('{"partitions":[{"services":{"sqs":{},"ec2":{}}}]}')

    trim.trim(tmp_path)

    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {*kept, "botocore/data/endpoints.json"}
    assert not (tmp_path / "p/tests").exists()
    assert (tmp_path / "botocore/data/endpoints.json").read_text() == '{"partitions":[{"services":{"sqs":{}}}]}'


@pytest.mark.parametrize(("with_sdk", "expected"), [(True, True), (False, False)])
def test_reference_adapters_are_in_the_artifact_that_has_their_libraries(
    tmp_path: Path, with_sdk: bool, expected: bool
) -> None:
    """The emulator and the memory adapters are in no artifact."""
    for name in (
        "chat_core",
        "adapters",
        "adapters/x",
        "adapters/x/sdk",
        "adapters/memory",
        "entrypoints/local",
        "local_aws",
    ):
        (tmp_path / "src" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / name / "__init__.py").touch()
    (tmp_path / "src/entrypoints/__init__.py").touch()

    trim.copy_sources(tmp_path / "src", tmp_path / "out", with_sdk=with_sdk)

    assert (tmp_path / "out/adapters/x/sdk").exists() is expected
    assert (tmp_path / "out/chat_core/__init__.py").exists()
    assert not (tmp_path / "out/adapters/memory").exists()
    assert not (tmp_path / "out/entrypoints/local").exists()
    assert not (tmp_path / "out/local_aws").exists()


TEMPLATE = """\
Parameters:
  Adapters:
    Type: String
    Default: direct
Globals:
  Function:
    Runtime: python3.13
    Architectures: [arm64]
Resources:
  A:
    Properties:
      CodeUri: ../src/
      Handler: entrypoints.aws_lambda.connect.handler
  B:
    Properties:
      CodeUri: ../src/
      Handler: entrypoints.aws_lambda.authorize.handler
"""


def test_template_names_the_archives_and_what_they_were_built_for() -> None:
    """A deploy needs no option of the build again."""
    target = Target(python="3.12", architecture="x86_64")

    text = templates.rewrite(TEMPLATE, target, special={"authorize": "other"}, usual="usual", adapters="sdk")

    assert "CodeUri: ../usual.zip\n      Handler: entrypoints.aws_lambda.connect" in text
    assert "CodeUri: ../other.zip\n      Handler: entrypoints.aws_lambda.authorize" in text
    assert "Runtime: python3.12\n" in text
    assert "Architectures: [x86_64]" in text
    assert "Default: sdk\n" in text


def test_code_that_would_not_be_rewritten_is_an_error() -> None:
    """A function must not be deployed without its libraries."""
    with pytest.raises(templates.UnknownCode, match=r"CodeUri: \.\./lib/"):
        templates.rewrite("CodeUri: ../lib/\n", ARM, special={}, usual="usual", adapters="sdk")


def test_rooms_that_no_function_could_use_are_not_built(tmp_path: Path) -> None:
    """They would fail in every function at its first frame. An earlier build stays as it was."""
    (tmp_path / "rooms.json").write_text('{"namespaces": [{"name": "news", "history_size": -1}]}', encoding="utf-8")
    earlier = tmp_path / "build" / "functions.zip"
    earlier.parent.mkdir()
    earlier.touch()

    with pytest.raises(WrongSettings, match=r"rooms\.json: namespaces\[0\]\.history_size: must be"):
        build(ARM, adapters="direct", output=tmp_path / "build", log=print, source=tmp_path)
    assert earlier.exists()
