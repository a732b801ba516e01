"""An AWS account to deploy to, which is embedded AWS, and AWS's command line."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from local_aws.embedded_aws import EmbeddedAws
from tools.artifact.build import REPOSITORY
from tools.deploy.aws import OWN, program
from tools.deploy.errors import DeployError

REGION = "eu-west-1"
_KEY_ID, _SECRET = "AKIDEXAMPLE", "secret"

SERVER = Path(__file__).with_name("aws_server.py")
CLIENT = Path(__file__).with_name("aws_client.py")
DEPLOY = """
import sys
from pathlib import Path
from tools.deploy import aws
from tools.deploy.__main__ import main
aws.OWN = Path(sys.argv[1])
sys.exit(main(sys.argv[2:]))
"""
"""Runs `python -m tools.deploy` with another program in place of AWS's command line."""


def needs_command_line() -> None:
    """Skip if AWS's command line is not installed."""
    try:
        program()
    except DeployError as exc:
        pytest.skip(str(exc))


@asynccontextmanager
async def empty_account() -> AsyncIterator[str]:
    """Start embedded AWS, empty; yield its endpoint."""
    cloud = EmbeddedAws(log=lambda _line: None)
    await cloud.start()
    try:
        yield cloud.endpoint
    finally:
        await cloud.stop()


@contextmanager
def clients(endpoint: str, *services: str) -> Iterator[dict[str, Any]]:
    """Yield a client for each of the services."""
    key = {"aws_access_key_id": _KEY_ID, "aws_secret_access_key": _SECRET}
    made = {each: boto3.client(each, endpoint_url=endpoint, region_name=REGION, **key) for each in services}
    try:
        yield made
    finally:
        for each in made.values():
            each.close()


@cache
def _quick_program() -> Path:
    """Start a server that runs AWS's command line; return the program that has it run a command.

    A deploy calls the command line about twenty times, and each time it would import the same modules.
    """
    folder = Path(tempfile.mkdtemp(prefix="aws-"))
    program = folder / "aws"
    # -I and -S: only the standard library can be imported.
    program.write_text(f"#!{sys.executable} -IS\n{CLIENT.read_text(encoding='utf-8')}", encoding="utf-8")
    program.chmod(0o755)
    server = subprocess.Popen(
        [OWN.with_name("python"), SERVER, folder / "socket"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
    )
    assert server.stdin is not None
    assert server.stdout is not None

    def stop() -> None:
        server.communicate(timeout=30)
        shutil.rmtree(folder)

    atexit.register(stop)
    assert server.stdout.readline() == "ready\n"
    return program


def deploy(endpoint: str, *words: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    """Run `python -m tools.deploy` with these arguments, as `run` does."""
    # On macOS, forking without `exec` is not safe.
    if sys.platform != "linux" or not OWN.exists():
        return run(endpoint, sys.executable, "-m", "tools.deploy", *words, answers=answers)
    return run(endpoint, sys.executable, "-c", DEPLOY, str(_quick_program()), *words, answers=answers)


def run(endpoint: str, *command: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command against embedded AWS; its standard input has the answers and then ends."""
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
