"""Archives of code that Lambda would not take."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from local_aws.errors import TemplateError
from tests.local_aws.conftest import Deploy

ROLE = "arn:aws:iam::123456789012:role/r"
TEMPLATE = (
    f"Resources: {{F: {{Type: AWS::Lambda::Function, "
    f"Properties: {{Handler: a.b, Role: '{ROLE}', Runtime: python3.12, Code: code.zip}}}}}}"
)


def bomb(path: Path) -> None:
    """Write an archive of 300 KB that unpacks to 300 MB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}", bytes(100_000_000))


def broken(path: Path) -> None:
    """Write one with a wrong checksum."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.py", "text")
    path.write_bytes(path.read_bytes().replace(b"text", b"TEXT", 1))


def cut(path: Path) -> None:
    """Write one whose entries are not where its directory says."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.py", "text" * 100)
    path.write_bytes(path.read_bytes()[300:])


def long_name(path: Path) -> None:
    """Write one with a name that no file can have."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a" * 300, "")


@pytest.mark.parametrize(
    ("write", "reason"),
    [(bomb, "300,000,000 bytes unzipped; Lambda takes 262,144,000"), (broken, "cannot be unpacked"),
     (cut, "cannot be unpacked"), (long_name, "cannot be unpacked")],
)  # fmt: skip
async def test_archive_that_lambda_would_not_take(
    deployed: Deploy,
    written: Callable[[str], Path],
    tmp_path: Path,
    write: Callable[[Path], None],
    reason: str,
) -> None:
    """It is named, with the resource that asks for it, and nothing large is written."""
    write(tmp_path / "code.zip")
    with pytest.raises(TemplateError) as raised:
        await deployed(written(TEMPLATE))
    assert raised.value.resource == "F"
    assert raised.value.reason.startswith(f"{tmp_path / 'code.zip'}: ")
    assert reason in raised.value.reason
