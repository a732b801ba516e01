"""Functions with each runtime client."""

import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from local_aws.lambda_.variables import RuntimeClient
from tests.local_aws.lambda_.support import Stack


@pytest.fixture(params=RuntimeClient, ids=lambda client: client.value)
def client(request: pytest.FixtureRequest) -> RuntimeClient:
    """Return each runtime client that this system has."""
    chosen: RuntimeClient = request.param
    if chosen is RuntimeClient.NATIVE and importlib.util.find_spec("runtime_client") is None:
        pytest.skip("AWS builds the native part of awslambdaric for Linux only")
    return chosen


@pytest.fixture
async def stack(client: RuntimeClient, tmp_path: Path) -> AsyncIterator[Stack]:
    """Return a stack without functions, and stop it after the test."""
    made = Stack(tmp_path, client)
    yield made
    await made.stop()
