"""One embedded AWS for all tests here, and a stack of its own for each."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from local_aws.cloudformation import deploy
from local_aws.config import Deployment
from local_aws.embedded_aws import EmbeddedAws

TEMPLATES = Path(__file__).parents[1] / "fixtures" / "templates"

Deploy = Callable[..., Awaitable[Deployment]]

_numbers = itertools.count(1)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def endpoint() -> AsyncIterator[str]:
    """Start the embedded AWS; return its URL."""
    log: list[str] = []
    cloud = EmbeddedAws(log=log.append)
    await cloud.start()
    yield cloud.endpoint
    await cloud.stop()
    assert [line for line in log if " may not " not in line] == []


@pytest.fixture
def deployed(endpoint: str) -> Deploy:
    """Return a function that deploys a fixture template, or the template with the given text."""

    async def deploy_template(template: Path | str, **parameters: str) -> Deployment:
        path = TEMPLATES / template
        name = f"stack-{next(_numbers)}"
        return await deploy(
            template=path, parameters=parameters, endpoint=endpoint, region="eu-west-1", stack_name=name
        )

    return deploy_template


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes a template next to a folder `src` and returns its path."""
    (tmp_path / "src").mkdir()

    def write(text: str, name: str = "template.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
