"""The workflows of GitHub Actions, as far as they can be checked locally."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tools.packages import PRODUCTS

REPOSITORY = Path(__file__).parents[2]
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
SCRIPT = REPOSITORY / ".ci" / "run"

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def read(path: Path) -> dict[str, Any]:
    # BaseLoader: PyYAML reads YAML 1.1, in which `on` is true; GitHub does not.
    workflow: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return workflow


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    """Return the jobs that have steps; other jobs call a workflow among these files."""
    return {name: job for name, job in read(path)["jobs"].items() if "steps" in job}


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(path).values():
        yield from job["steps"]


def targets_named(script: str) -> set[str]:
    """Return the make targets that a shell script names."""
    return set(re.findall(r"(?m)^(?:env \S+ \S+ )?make ([a-z][a-z-]*)", script))


def targets() -> set[str]:
    """Return the targets of the Makefile."""
    return set(re.findall(r"(?m)^([a-z][a-z-]*):", (REPOSITORY / "Makefile").read_text(encoding="utf-8")))


def test_there_are_workflows() -> None:
    """The tests below would pass without any workflow."""
    assert [path.name for path in WORKFLOWS] == ["canary.yml", "check.yml", "deploy.yml", "release.yml"]


@each_workflow
def test_workflow_makes_only_what_the_makefile_can(path: Path) -> None:
    """A renamed target would fail only in the workflow, which runs elsewhere."""
    script = "\n".join(step.get("run", "") for step in steps(path))
    wanted = targets_named(script)

    assert script
    assert wanted <= targets()


def test_script_of_the_checks_is_there_and_makes_only_what_the_makefile_can() -> None:
    """The script runs on any clean machine with Debian's packages."""
    assert SCRIPT.stat().st_mode & 0o111
    assert {"lint", "test"} <= targets_named(SCRIPT.read_text(encoding="utf-8")) <= targets()


@each_workflow
def test_actions_are_pinned_by_commit(path: Path) -> None:
    """A tag can be moved to other code, which has happened. People and Dependabot read the version in the comment."""
    used = re.findall(r"(?m)uses: (\S+)(.*)$", path.read_text(encoding="utf-8"))

    assert used
    for action, comment in used:
        if action.startswith("./"):
            assert (REPOSITORY / action).exists()
            continue
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


@each_workflow
def test_images_are_pinned_by_digest(path: Path) -> None:
    """A tag of an image can be moved as well. Every job in a container has its image from the matrix."""
    for job in jobs(path).values():
        if "container" in job:
            assert job["container"]["image"] == "${{ matrix.image }}"
            for each in job["strategy"]["matrix"]["include"]:
                version = re.escape(each["python"])
                assert re.fullmatch(rf"python:{version}\.\d+-bookworm@sha256:[0-9a-f]{{64}}", each["image"])


def test_everything_that_is_pinned_is_looked_after() -> None:
    """Dependabot reports vulnerabilities in what the functions run."""
    looked_after = yaml.safe_load((REPOSITORY / ".github" / "dependabot.yml").read_text(encoding="utf-8"))["updates"]

    assert {(each["package-ecosystem"], each["directory"]) for each in looked_after} == {
        ("github-actions", "/"),
        ("pip", "/requirements"),
    }
    assert all("==" in path.read_text(encoding="utf-8") for path in (REPOSITORY / "requirements").iterdir())


def test_nothing_is_installed_without_a_hash() -> None:
    """The only exception is the project itself. uv, which writes the hashes, has one too."""
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    installs = re.findall(r"(?m)^.*pip install.*$", makefile)

    assert installs
    for each in installs:
        assert "--require-hashes" in each or each.endswith("--no-deps --no-build-isolation --editable .")


def test_one_commit_stands_for_one_version() -> None:
    """All files that name an action have the same commit."""
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    pins: dict[str, set[str]] = {}
    for action, pin in re.findall(r"uses: ([^@\s]+)@(.+)", text):
        pins.setdefault(action, set()).add(pin)

    assert [action for action, found in pins.items() if len(found) > 1] == []


@each_workflow
def test_permissions_are_the_least(path: Path) -> None:
    """Permissions are the default unless they are stated. A checkout must not leave a token behind."""
    workflow = read(path)
    granted = [workflow["permissions"], *(job.get("permissions", {}) for job in workflow["jobs"].values())]
    writes = {name for each in granted for name, access in each.items() if access != "read"}

    assert writes == ({"id-token"} if path.name in {"deploy.yml", "release.yml"} else set())
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false"


@each_workflow
def test_runs_do_not_pile_up(path: Path) -> None:
    """Each workflow has a concurrency group and a timeout, and no deploy or release is cancelled."""
    concurrency = read(path)["concurrency"]

    assert concurrency["group"]
    assert all(int(job["timeout-minutes"]) <= 90 for job in jobs(path).values())
    assert (concurrency["cancel-in-progress"] == "false") == (path.name in {"deploy.yml", "release.yml"})


@each_workflow
def test_nothing_that_somebody_types_is_part_of_a_script(path: Path) -> None:
    """GitHub inserts an expression into the script's text before a shell parses it; a variable is safe."""
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


def test_deploys_run_as_the_role_says() -> None:
    """The role trusts an environment, so that the job must have one. The job proves it with GitHub's signed token."""
    (job,) = read(REPOSITORY / ".github" / "workflows" / "deploy.yml")["jobs"].values()
    (login,) = (step for step in job["steps"] if "configure-aws-credentials" in step.get("uses", ""))

    assert job["environment"]
    assert "role-to-assume" in login["with"]
    assert not {name for name in login["with"] if "access-key" in name}


def test_every_supported_version_is_tested() -> None:
    """Every supported Python is tested on Linux, the oldest and the newest also on macOS."""
    linux, others, macos = (job(name)["strategy"]["matrix"] for name in ("linux", "linux-others", "macos"))
    on_linux = {each["python"] for each in linux["include"]} | set(others["python"])

    assert on_linux == {"3.11", "3.12", "3.13", "3.14"}
    assert set(macos["python"]) == {min(on_linux, key=minor), max(on_linux, key=minor)}


def minor(version: str) -> int:
    return int(version.partition(".")[2])


def job(name: str) -> dict[str, Any]:
    found: dict[str, Any] = jobs(REPOSITORY / ".github" / "workflows" / "check.yml")[name]
    return found


def test_releases_are_checked_built_and_published_in_turn() -> None:
    """The job that publishes runs no other code: it neither builds nor installs nor checks out anything."""
    workflow = read(REPOSITORY / ".github" / "workflows" / "release.yml")
    check, build, publish = (workflow["jobs"][name] for name in ("check", "build", "publish"))

    assert check["uses"] == "./.github/workflows/check.yml"
    assert (build["needs"], publish["needs"]) == ("check", "build")
    assert publish["permissions"] == {"id-token": "write"}
    assert [each["uses"].partition("@")[0] for each in publish["steps"]] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ]


def test_nothing_is_published_with_a_stored_token() -> None:
    """A stored token can be stolen; GitHub's token for a job is valid for minutes."""
    assert [path.name for path in WORKFLOWS if "secrets." in path.read_text(encoding="utf-8")] == []


def test_every_product_is_published() -> None:
    """Each has its own environment, since PyPI allows one pending publisher for each environment."""
    publish = read(REPOSITORY / ".github" / "workflows" / "release.yml")["jobs"]["publish"]

    assert publish["strategy"]["matrix"]["product"] == [product.name for product in PRODUCTS]
    assert publish["environment"]["name"] == "pypi-${{ matrix.product }}"


def test_issue_forms_are_valid() -> None:
    """GitHub silently ignores a form that it cannot parse."""
    forms = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    fields = [each for form in forms for each in yaml.safe_load(form.read_text(encoding="utf-8")).get("body", [])]

    assert [form.name for form in forms] == ["bug.yml", "config.yml", "feature.yml"]
    assert {each["type"] for each in fields} <= {"checkboxes", "dropdown", "input", "markdown", "textarea"}
    assert all(each["attributes"]["label"] and each["id"] for each in fields)
