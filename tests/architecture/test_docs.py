"""What the documents say of the tree, as far as a machine can judge it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
GENERATED = {"build", "dist", "node_modules"}
"""Folders without documents of ours, besides those whose names begin with a dot."""

MAPS = ("docs/architecture.md", "docs/glossary.md", "docs/README.md", "CONTRIBUTING.md", "README.md")
"""The documents that say where something is."""


def documents(folder: Path = REPOSITORY) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in GENERATED and (not path.name.startswith(".") or path.name == ".github"):
            yield from documents(path)
        elif path.suffix == ".md":
            yield path


def name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def without_code(text: str) -> str:
    """Return the text without its fenced blocks, in which a bracket is no link and `#` no heading."""
    return re.sub(r"(?ms)^```.*?^```", "", text)


def links(text: str) -> list[str]:
    """Return where the links of a document lead that stay in the repository."""
    found = re.findall(r"\]\(([^)\s]+)\)", without_code(text))
    return [each for each in found if not re.match(r"[a-z]+:", each)]


def anchors(text: str) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"(?m)^#+ (.+)$", without_code(text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def paths(text: str) -> set[str]:
    """Return what a document names that is a path of this repository or, shorter, one below `src/`."""
    known = {each.name for folder in (REPOSITORY, REPOSITORY / "src") for each in folder.iterdir()} - GENERATED
    found = re.findall(r"(?<![\w/.:@([-])[\w.-]+(?:/[\w.*<>-]*)+", text)
    return {each.rstrip(".") for each in found if each.split("/")[0] in known and not each.startswith(".venv")}


def exists(path: str) -> bool:
    """Say whether a path names a file or a folder; a part such as `<technology>` stands for any name."""
    pattern = re.sub(r"<[^>]*>", "*", path).rstrip("/")
    return any(next(folder.glob(pattern), None) for folder in (REPOSITORY, REPOSITORY / "src"))


@pytest.mark.parametrize("path", list(documents()), ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    """A file that was moved is missed by nothing else but a reader."""
    broken = []
    for link in links(path.read_text(encoding="utf-8")):
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("path", MAPS)
def test_paths_that_a_document_names_exist(path: str) -> None:
    """Who looks for a place to add something should find it at the first try."""
    named = paths((REPOSITORY / path).read_text(encoding="utf-8"))

    assert [each for each in sorted(named) if not exists(each)] == []


def test_paths_are_recognised() -> None:
    """Otherwise the tests of paths would pass without looking at any."""
    text = (
        "`src/adapters/<technology>/`, `local_aws/cli.py`, `src/no_such_file.py`, `@connections/x`, `application/json`"
    )

    assert paths(text) == {"src/adapters/<technology>/", "local_aws/cli.py", "src/no_such_file.py"}
    assert exists("src/adapters/<technology>/")
    assert exists("local_aws/cli.py")
    assert not exists("src/no_such_file.py")


def test_every_document_is_in_the_index() -> None:
    """A page that no other leads to is not found."""
    index = REPOSITORY / "docs" / "README.md"
    listed = {(index.parent / each.partition("#")[0]).resolve() for each in links(index.read_text(encoding="utf-8"))}

    assert [name(each) for each in documents(REPOSITORY / "docs") if each not in listed | {index}] == []


def test_glossary_has_one_sentence_a_term() -> None:
    """A term that is explained twice means two things."""
    rows = re.findall(r"(?m)^\| (\*\*.+?) \| (.+) \|$", (REPOSITORY / "docs" / "glossary.md").read_text())
    terms = [term for row, _ in rows for term in re.findall(r"\*\*(.+?)\*\*", row)]

    assert len(terms) > 50
    assert sorted(terms) == sorted(set(terms))
    assert [meaning for _, meaning in rows if not meaning.endswith(".") or ". " in meaning] == []
