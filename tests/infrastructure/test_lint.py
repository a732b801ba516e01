"""The templates pass cfn-lint."""

import subprocess
import sys
from pathlib import Path

import pytest

TEMPLATES = [
    "alarms.yaml",
    "api.yaml",
    "authorizer.yaml",
    "budget.yaml",
    "dashboard.yaml",
    "domain.yaml",
    "gateway-logging.yaml",
    "page.yaml",
    "pipeline-role.yaml",
    "queue.yaml",
    "storage.yaml",
    "template.yaml",
]


def test_cfn_lint_finds_nothing_informational_included(repository: Path, tmp_path: Path) -> None:
    """Every finding fails the test, and no configuration file can disable a rule."""
    paths = [str(repository / "infrastructure" / name) for name in TEMPLATES]
    command = [sys.executable, "-c", "import cfnlint.runner; cfnlint.runner.main()", "--include-checks", "I"]

    result = subprocess.run(
        [*command, "--template", *paths],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )

    assert (result.returncode, result.stdout) == (0, ""), result.stdout + result.stderr


def test_every_template_of_the_folder_is_linted(repository: Path) -> None:
    """A new template must be added to the list above."""
    assert sorted(path.name for path in (repository / "infrastructure").glob("*.y*ml")) == TEMPLATES


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_rule_is_switched_off_inside_a_template(repository: Path, name: str) -> None:
    """A rule has to be met."""
    assert "ignore_checks" not in (repository / "infrastructure" / name).read_text(encoding="utf-8")
