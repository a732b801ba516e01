"""An account of AWS to deploy to, which is an embedded cloud of its own, and AWS's command line."""

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import boto3
import pytest

from local_aws.embedded_aws import EmbeddedAws
from tools.artifact.build import REPOSITORY
from tools.deploy.aws import program
from tools.deploy.errors import DeployError

REGION = "eu-west-1"
_KEY_ID, _SECRET = "AKIDEXAMPLE", "secret"


def needs_command_line() -> None:
    """Skip where AWS's command line is missing."""
    try:
        program()
    except DeployError as exc:
        pytest.skip(str(exc))


@asynccontextmanager
async def empty_account() -> AsyncIterator[str]:
    """Start an empty cloud; yield its endpoint."""
    cloud = EmbeddedAws(log=lambda _line: None)
    await cloud.start()
    try:
        yield cloud.endpoint
    finally:
        await cloud.stop()


@contextmanager
def clients(endpoint: str, *services: str) -> Iterator[dict[str, Any]]:
    """Make a client for each of the services."""
    key = {"aws_access_key_id": _KEY_ID, "aws_secret_access_key": _SECRET}
    made = {each: boto3.client(each, endpoint_url=endpoint, region_name=REGION, **key) for each in services}
    try:
        yield made
    finally:
        for each in made.values():
            each.close()


def run(endpoint: str, *command: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command whose AWS is the cloud there, with somebody who types the answers, and is gone then."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": _KEY_ID,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment, input=answers, capture_output=True, text=True, check=False
    )
