"""A deploy as to an AWS account, but to embedded AWS.

Its command line, its uploads, and the functions that then run.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from local_aws.cloudformation import deployed
from local_aws.config import Deployment
from local_aws.emulator import Emulator
from local_aws.options import Options
from tests.support import aws_account
from tests.support.aws_account import REGION, deploy, run
from tests.support.builds import needs_package_index, own_architecture, shared_build
from tools.deploy.aws import program

pytestmark = pytest.mark.timeout(300)

STACK = "chat-test"
OPTIONS = Options(template=Path("unused"), port=0, region=REGION, reload=False)


@pytest.fixture(scope="module")
def build(shared_folder: Path) -> Path:
    """Build the artifact for the Python version and the processor that run the tests."""
    aws_account.needs_command_line()
    needs_package_index()
    return shared_build(shared_folder, architecture=own_architecture())


def up(endpoint: str, build: Path, *parameters: str) -> subprocess.CompletedProcess[str]:
    """Do what `make deploy YES=1` does after `make build`."""
    return deploy(endpoint, "up", "--stack", STACK, "--yes", "--built", str(build), *parameters)


def down(endpoint: str) -> subprocess.CompletedProcess[str]:
    """Do what `make destroy YES=1` does."""
    return deploy(endpoint, "down", "--stack", STACK, "--yes")


def ok(done: subprocess.CompletedProcess[str]) -> str:
    """Return the standard output of a command, which must have succeeded."""
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def live_long(url: str) -> None:
    """Connect two clients; both receive the message that one sends."""
    async with connect(url, open_timeout=30) as one, connect(url, open_timeout=30) as other:
        await one.send('{"action":"sendmessage","data":"live long"}')
        async with asyncio.timeout(30):
            assert [await each.recv() for each in (one, other)] == ["live long"] * 2


async def test_what_make_deploy_has_deployed_is_served(build: Path) -> None:
    """The emulator runs the deployed stack; the functions' code comes from the uploaded archives."""
    printed = ""

    async def deploy_stack(options: Options, endpoint: str) -> Deployment:
        nonlocal printed
        printed = ok(await asyncio.to_thread(up, endpoint, build, "StageName=prod"))
        return await deployed(stack_name=STACK, endpoint=endpoint, region=options.region)

    log: list[str] = []
    async with Emulator(OPTIONS, log.append, deployer=deploy_stack) as stack:
        addresses = await stack.start()
        (url,) = addresses.apis.values()
        assert url.endswith("/prod")
        await live_long(url)
    assert "Try it: wscat -c wss://" in printed
    assert "  Add    Api (AWS::CloudFormation::Stack)\n" in printed
    assert not [line for line in log if " may not " in line]


async def test_what_awss_own_commands_have_deployed_is_served(build: Path, tmp_path: Path) -> None:
    """A user with a pipeline of their own uses `aws cloudformation package` and `deploy`."""
    aws = program()
    packaged = str(tmp_path / "packaged.yaml")

    def deploy_with_aws(endpoint: str) -> None:
        ok(run(endpoint, aws, "s3", "mb", "s3://artifacts"))
        template = str(build / "infrastructure" / "template.yaml")
        words = ["--template-file", template, "--s3-bucket", "artifacts", "--output-template-file", packaged]
        ok(run(endpoint, aws, "cloudformation", "package", *words))
        capabilities = ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
        words = ["--template-file", packaged, "--stack-name", STACK, *capabilities]
        ok(run(endpoint, aws, "cloudformation", "deploy", *words))

    async def deploy_stack(options: Options, endpoint: str) -> Deployment:
        await asyncio.to_thread(deploy_with_aws, endpoint)
        return await deployed(stack_name=STACK, endpoint=endpoint, region=options.region)

    async with Emulator(OPTIONS, lambda _line: None, deployer=deploy_stack) as stack:
        addresses = await stack.start()
        await live_long(next(iter(addresses.apis.values())))


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def account() -> AsyncIterator[str]:
    """Start embedded AWS for the deploys that fail; return its endpoint."""
    async with aws_account.empty_account() as endpoint:
        yield endpoint


@pytest.fixture
async def endpoint() -> AsyncIterator[str]:
    """Start embedded AWS, empty; return its endpoint."""
    async with aws_account.empty_account() as endpoint:
        yield endpoint


@pytest.fixture
def clients(endpoint: str) -> Iterator[dict[str, Any]]:
    """Return a client for each service in which a stack creates something."""
    services = ("s3", "lambda", "dynamodb", "sqs", "apigatewayv2", "logs", "iam", "secretsmanager")
    with aws_account.clients(endpoint, *services) as made:
        yield made


async def test_deploy_can_be_repeated_and_destroyed(endpoint: str, build: Path, clients: dict[str, Any]) -> None:
    """A second deploy keeps unchanged resources and parameters that are not given.

    Destroying removes everything, the page's files too.
    """
    parameters = ("Page=yes", "AlarmEmail=me@example.com", "AuthorizerType=hs256")
    first = ok(await asyncio.to_thread(up, endpoint, build, *parameters))
    again = ok(await asyncio.to_thread(up, endpoint, build))
    assert "Nothing to change." in again
    assert first.splitlines()[-1] == again.splitlines()[-1]
    assert "TokenSecretArn" in again
    changed = ok(await asyncio.to_thread(up, endpoint, build, "LogLevel=DEBUG"))
    assert "  Modify Api (AWS::CloudFormation::Stack)\n" in changed
    bucket = next(line.split()[1] for line in first.splitlines() if line.startswith("PageBucketName"))
    page = clients["s3"].list_objects_v2(Bucket=bucket)["Contents"]
    assert {"index.html", "config.json"} <= {each["Key"] for each in page}

    ok(await asyncio.to_thread(down, endpoint))
    assert left(clients) == {}
    assert "There is no stack" in ok(await asyncio.to_thread(down, endpoint))


def left(clients: dict[str, Any]) -> dict[str, Any]:
    """Return the resources that are left in embedded AWS, by the call that lists them."""
    lists = [
        ("s3", "list_buckets", "Buckets"),
        ("lambda", "list_functions", "Functions"),
        ("dynamodb", "list_tables", "TableNames"),
        ("sqs", "list_queues", "QueueUrls"),
        ("apigatewayv2", "get_apis", "Items"),
        ("logs", "describe_log_groups", "logGroups"),
        ("iam", "list_roles", "Roles"),
        ("secretsmanager", "list_secrets", "SecretList"),
    ]
    found = {call: getattr(clients[service], call)().get(key) for service, call, key in lists}
    return {call: things for call, things in found.items() if things}


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (["Nonsense=1"], "There is no parameter Nonsense; there are AccessLogs, "),
        (["AuthorizerType=jwks"], "AuthorizerType=jwks needs JwksUrl."),
        (["StageName=a b"], "StageName"),
        (["StageName"], "'StageName' is not of the form PARAMETER=VALUE"),
    ],
)
async def test_wrong_parameter_is_named_and_nothing_is_made(
    account: str, build: Path, parameters: list[str], said: str
) -> None:
    """The error is one line, without a traceback."""
    done = await asyncio.to_thread(up, account, build, *parameters)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    with aws_account.clients(account, "lambda") as clients:
        assert clients["lambda"].list_functions()["Functions"] == []


async def test_without_credentials_it_says_how_to_sign_in(account: str, build: Path) -> None:
    """The SDK's own message does not say how to sign in."""
    words = ["up", "--region", REGION, "--built", str(build), "--profile", "nobody"]
    done = await asyncio.to_thread(deploy, account, *words)
    assert done.returncode == 1
    assert done.stderr.startswith("error: AWS rejects your credentials. Sign in (`aws configure sso`")
