"""The parsed templates: `!Ref x` is `{"Ref": "x"}`, `!Sub s` is `{"Fn::Sub": "s"}`."""

import json
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode

REPOSITORY = Path(__file__).parents[2]


def _read(path: Path) -> dict[str, Any]:
    template, problems = decode(str(path))
    assert not problems, f"{path}: {problems}"
    # cfn-lint's nodes have line numbers and errors; plain values are easier to compare and print.
    plain: dict[str, Any] = json.loads(json.dumps(template))
    return plain


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the folder that holds `infrastructure/` and `src/`."""
    return REPOSITORY


@pytest.fixture(scope="session")
def master() -> dict[str, Any]:
    """Return the master template."""
    return _read(REPOSITORY / "infrastructure" / "template.yaml")


@pytest.fixture(scope="session")
def storage() -> dict[str, Any]:
    """Return the nested template of the table."""
    return _read(REPOSITORY / "infrastructure" / "storage.yaml")


@pytest.fixture(scope="session")
def queue() -> dict[str, Any]:
    """Return the nested template of the queue between a sender's function and the worker."""
    return _read(REPOSITORY / "infrastructure" / "queue.yaml")


@pytest.fixture(scope="session")
def gateway_logging() -> dict[str, Any]:
    """Return the nested template of API Gateway's role for logging."""
    return _read(REPOSITORY / "infrastructure" / "gateway-logging.yaml")


@pytest.fixture(scope="session")
def alarms() -> dict[str, Any]:
    """Return the nested template of the alarms and the dashboard."""
    return _read(REPOSITORY / "infrastructure" / "alarms.yaml")


@pytest.fixture(scope="session")
def budget() -> dict[str, Any]:
    """Return the nested template of the budget."""
    return _read(REPOSITORY / "infrastructure" / "budget.yaml")


@pytest.fixture(scope="session")
def dashboard() -> dict[str, Any]:
    """Return the nested template of the dashboard."""
    return _read(REPOSITORY / "infrastructure" / "dashboard.yaml")


@pytest.fixture(scope="session")
def domain() -> dict[str, Any]:
    """Return the nested template of the custom domain name."""
    return _read(REPOSITORY / "infrastructure" / "domain.yaml")


@pytest.fixture(scope="session")
def page() -> dict[str, Any]:
    """Return the nested template of the chat page."""
    return _read(REPOSITORY / "infrastructure" / "page.yaml")


@pytest.fixture(scope="session")
def authorizer() -> dict[str, Any]:
    """Return the nested template of the authorizer's function."""
    return _read(REPOSITORY / "infrastructure" / "authorizer.yaml")


@pytest.fixture(scope="session")
def api() -> dict[str, Any]:
    """Return the nested template of the WebSocket API and its functions."""
    return _read(REPOSITORY / "infrastructure" / "api.yaml")
