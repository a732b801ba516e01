"""MiniStack with a WebSocket API of three routes, and one function in a warm process."""

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from benchmarks.processes import free_port, wait_until_open

VERSION = "1.5.33"
"""The version of MiniStack, the newest when this was written. Its functions run in its environment, with boto3."""

_HOME = Path(__file__).parents[1] / ".cache" / f"ministack-{VERSION}"
_HANDLER = Path(__file__).parent / "peers" / "ministack" / "handler.py"
_STAGE = "dev"


def missing() -> str | None:
    """Install MiniStack into an environment of its own; return why it cannot be measured here, or None if it can."""
    if (_HOME / "installed").exists():
        return None
    commands = [
        [sys.executable, "-m", "venv", "--clear", str(_HOME)],
        [str(_HOME / "bin" / "pip"), "install", "--quiet", f"ministack=={VERSION}", "boto3"],
    ]
    if any(subprocess.run(command, check=False).returncode for command in commands):
        return "pip could not install it"
    (_HOME / "installed").touch()
    return None


@contextmanager
def ministack() -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """Start MiniStack and create the API; return its process, its port and the API's path."""
    port = free_port()
    environment = os.environ | {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "LOG_LEVEL": "ERROR"}
    with subprocess.Popen(
        [str(_HOME / "bin" / "ministack")],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            wait_until_open(port, process)
            yield process, port, _make_api(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


def _make_api(endpoint: str) -> str:
    gateway, functions = _client("apigatewayv2", endpoint), _client("lambda", endpoint)
    api = gateway.create_api(Name="peer", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")[
        "ApiId"
    ]
    path = f"/_aws/execute-api/{api}/{_STAGE}"
    function = functions.create_function(
        FunctionName="chat",
        Runtime="python{}.{}".format(*sys.version_info),
        Role="arn:aws:iam::000000000000:role/peer",
        Handler="handler.chat",
        Code={"ZipFile": _zipped(_HANDLER)},
        Timeout=29,
        Environment={"Variables": {"PEER_ENDPOINT": f"{endpoint}{path}"}},
    )["FunctionArn"]
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    integration = gateway.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=uri)
    for route in ("$connect", "$disconnect", "sendmessage"):
        gateway.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{integration['IntegrationId']}")
    gateway.create_stage(ApiId=api, StageName=_STAGE, AutoDeploy=True)
    return path


def _zipped(path: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(path, path.name)
    return packed.getvalue()


def _client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
