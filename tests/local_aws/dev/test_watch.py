"""Which changes of files are detected."""

import os
from pathlib import Path

import pytest

from local_aws.dev.watch import changes, difference, stamps


def changed_by(folder: Path, *names: str) -> set[str]:
    """Write the files called `names`; return the names of those that are detected as changed."""
    before = stamps([folder])
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return {str(path.relative_to(folder)) for path in difference(before, stamps([folder]))}


def test_new_edited_and_deleted_files_are_changes(tmp_path: Path) -> None:
    """Files of every type count: code may read a text file beside it."""
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
    """The modification time differs, if only by a nanosecond."""
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
def test_caches_libraries_and_editor_files_are_no_change(tmp_path: Path, name: str) -> None:
    """A reload for each of them would replace environments for no reason."""
    assert changed_by(tmp_path, name) == set()


def test_links_that_lead_in_circles_end(tmp_path: Path) -> None:
    """A link to a folder elsewhere is followed: functions share code that way."""
    shared, code = tmp_path / "shared", tmp_path / "code"
    shared.mkdir()
    code.mkdir()
    (code / "self").symlink_to(code)
    (code / "itself").symlink_to(code / "itself")
    (code / "shared").symlink_to(shared)
    (shared / "module.py").write_text("1")
    assert set(stamps([code])) == {code / "shared" / "module.py"}


def test_edit_behind_a_link_is_a_change(tmp_path: Path) -> None:
    """Notices of the kernel miss it: they concern the link's target, which is in a folder that is not watched."""
    shared, code = tmp_path / "shared.py", tmp_path / "code"
    shared.write_text("1")
    code.mkdir()
    (code / "linked.py").symlink_to(shared)
    before = stamps([code])
    shared.write_text("22")
    assert difference(before, stamps([code])) == {code / "linked.py"}


async def test_edits_are_reported_after_the_folder_was_made_again(tmp_path: Path) -> None:
    """A build step deletes its output folder; a watch on the deleted folder would report nothing more."""
    code = tmp_path / "build"
    code.mkdir()
    (code / "app.py").write_text("1")
    reported = changes([code], before=stamps([code]))
    code.rename(tmp_path / "before")
    code.mkdir()
    (code / "app.py").write_text("2")
    assert await anext(reported) == {code / "app.py"}
    (code / "app.py").write_text("33")
    assert await anext(reported) == {code / "app.py"}


def test_single_files_are_watched_beside_folders(tmp_path: Path) -> None:
    """The template is a single file, and an editor may remove it for a moment."""
    path = tmp_path / "template.yaml"
    assert stamps([path]) == {}
    path.write_text("x")
    assert set(stamps([path])) == {path}


async def test_files_changed_together_are_reported_together(tmp_path: Path) -> None:
    """A checkout causes one reload, not one for each of its files."""
    before = stamps([tmp_path])
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "b.py").write_text("1")
    async for changed in changes([tmp_path], before=before):
        assert {path.name for path in changed} == {"a.py", "b.py"}
        break
