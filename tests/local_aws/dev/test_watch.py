"""Which changes of files are noticed."""

import os
from pathlib import Path

import pytest

from local_aws.dev.watch import changes, difference, stamps


def changed_by(folder: Path, *names: str) -> set[str]:
    """Return the files below `folder` that are noticed after those called `names` were written."""
    before = stamps([folder])
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return {str(path.relative_to(folder)) for path in difference(before, stamps([folder]))}


def test_new_edited_and_deleted_files_are_changes(tmp_path: Path) -> None:
    """Of whatever kind: code may read a text beside it."""
    (tmp_path / "edited.py").write_text("1")
    (tmp_path / "gone.py").write_text("1")
    (tmp_path / "same.py").write_text("1")
    before = stamps([tmp_path])
    (tmp_path / "edited.py").write_text("22")
    (tmp_path / "gone.py").unlink()
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "new.json").write_text("{}")
    changed = {path.name for path in difference(before, stamps([tmp_path]))}
    assert changed == {"edited.py", "gone.py", "new.json"}


def test_edit_that_keeps_the_size_is_a_change(tmp_path: Path) -> None:
    """Its time tells, to the nanosecond."""
    path = tmp_path / "app.py"
    path.write_text("1")
    before = stamps([tmp_path])
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    assert difference(before, stamps([tmp_path])) == {path}


@pytest.mark.parametrize(
    "name",
    [
        "__pycache__/app.cpython-311.pyc",
        ".venv/lib/module.py",
        "venv/lib/module.py",
        "node_modules/ws/index.js",
        ".git/index",
        ".app.py.swp",
        "app.py~",
        "#app.py#",
        "4913",
        "debug.log",
    ],
)
def test_what_nobody_edits_is_no_change(tmp_path: Path, name: str) -> None:
    """Caches, libraries and what editors leave behind."""
    assert changed_by(tmp_path, name) == set()


def test_links_that_lead_in_circles_end(tmp_path: Path) -> None:
    """And one that leads out is followed: functions share code that way."""
    shared, code = tmp_path / "shared", tmp_path / "code"
    shared.mkdir()
    code.mkdir()
    (code / "self").symlink_to(code)
    (code / "itself").symlink_to(code / "itself")
    (code / "shared").symlink_to(shared)
    (shared / "module.py").write_text("1")
    assert set(stamps([code])) == {code / "shared" / "module.py"}


def test_single_files_are_watched_beside_folders(tmp_path: Path) -> None:
    """A template is one; it may not be there for a moment."""
    path = tmp_path / "template.yaml"
    assert stamps([path]) == {}
    path.write_text("x")
    assert set(stamps([path])) == {path}


async def test_files_changed_together_are_told_together(tmp_path: Path) -> None:
    """A checkout is one reload, not one for each of its files."""
    before = stamps([tmp_path])
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "b.py").write_text("1")
    async for changed in changes([tmp_path], before=before):
        assert {path.name for path in changed} == {"a.py", "b.py"}
        break
