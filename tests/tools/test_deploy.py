"""What `make deploy` and `make destroy` do if something is wrong; AWS is embedded AWS."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import aws_account
from tests.support.aws_account import REGION
from tools.deploy import aws as aws_module
from tools.deploy import stacks
from tools.deploy.__main__ import main
from tools.deploy.aws import Aws
from tools.deploy.down import down

pytestmark = pytest.mark.timeout(180)

ARTIFACTS = f"serverless-websocket-chat-123456789012-{REGION}"

MASTER = """
Resources:
  Part: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./part.yaml}}
"""
PART = """
Resources:
  Queue: {Type: AWS::SQS::Queue}
"""
FAILING_PART = """
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Function:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.13, Handler: a.b, Code: {S3Bucket: b, S3Key: k}}
"""


@pytest.fixture
async def endpoint() -> AsyncIterator[str]:
    """Start embedded AWS, empty; return its endpoint."""
    aws_account.needs_command_line()
    async with aws_account.empty_account() as endpoint:
        yield endpoint


@pytest.fixture
def cloud(endpoint: str) -> Iterator[Mapping[str, Any]]:
    """Return clients of the services that the tests inspect."""
    with aws_account.clients(endpoint, "cloudformation", "sqs", "s3") as made:
        yield made


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """Return a folder as `make build` creates it, with a space in its path."""
    folder = tmp_path / "a build"
    (folder / "infrastructure").mkdir(parents=True)
    (folder / "infrastructure" / "template.yaml").write_text(MASTER)
    (folder / "infrastructure" / "part.yaml").write_text(PART)
    return folder


async def run(endpoint: str, *words: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command; its standard input has the answers and then ends."""
    return await asyncio.to_thread(aws_account.deploy, endpoint, *words, answers=answers)


async def up(endpoint: str, built: Path, *words: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    """Do what `make deploy STACK=s` does."""
    return await run(endpoint, "up", "--stack", "s", "--built", str(built), *words, answers=answers)


def statuses(cloud: Mapping[str, Any]) -> dict[str, str]:
    """Return the status of each existing stack, nested ones included, by name."""
    found = cloud["cloudformation"].describe_stacks()["Stacks"]
    return {each["StackName"]: each["StackStatus"] for each in found}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ("n\n", "Nothing was deployed."),
        ("", "There is no terminal for the question: YES=1 agrees to everything in advance."),
    ],
)
async def test_deploy_that_nobody_agrees_to_leaves_no_stack(
    endpoint: str, built: Path, cloud: Mapping[str, Any], answers: str, said: str
) -> None:
    """The stack that a change set creates is deleted too, after a no and after no answer."""
    done = await up(endpoint, built, answers=answers)
    assert (done.returncode, done.stderr) == (1, f"error: {said}\n")
    assert statuses(cloud) == {}


async def test_what_is_agreed_to_is_deployed_and_nothing_else(
    endpoint: str, built: Path, cloud: Mapping[str, Any]
) -> None:
    """Paths may contain a space."""
    done = await up(endpoint, built, answers="y\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "  Add    Part (AWS::CloudFormation::Stack)\n" in done.stdout
    (built / "infrastructure" / "template.yaml").write_text(f"{MASTER}  Other: {{Type: AWS::SQS::Queue}}\n")
    done = await up(endpoint, built, answers="n\n")
    assert "  Add    Other (AWS::SQS::Queue)\n" in done.stdout
    assert statuses(cloud)["s"] == "CREATE_COMPLETE"
    assert len(cloud["sqs"].list_queues()["QueueUrls"]) == 1


async def test_failed_deploy_names_the_resource_and_can_be_repeated(
    endpoint: str, built: Path, cloud: Mapping[str, Any]
) -> None:
    """The remains of a failed first deploy are deleted once the user agrees; then the deploy continues."""
    (built / "infrastructure" / "part.yaml").write_text(FAILING_PART)
    failed = await up(endpoint, built, "--yes")
    assert failed.returncode == 1
    assert "The stack ended in state ROLLBACK_COMPLETE:\n  Part/Function" in failed.stderr
    assert "Role" in failed.stderr

    (built / "infrastructure" / "part.yaml").write_text(PART)
    declined = await up(endpoint, built, answers="n\n")
    assert declined.stderr == "error: Nothing was deployed.\n"
    assert statuses(cloud)["s"] == "ROLLBACK_COMPLETE"
    repeated = await up(endpoint, built, "--yes")
    assert repeated.returncode == 0, repeated.stdout + repeated.stderr
    assert statuses(cloud)["s"] == "CREATE_COMPLETE"


async def test_destroy_wants_the_name_of_the_stack(endpoint: str, built: Path, cloud: Mapping[str, Any]) -> None:
    """A yes is typed too easily. Files of other stacks stay in the artifact bucket, and the output says so."""
    assert (await up(endpoint, built, "--yes")).returncode == 0
    cloud["s3"].put_object(Bucket=ARTIFACTS, Key="t/code.zip", Body=b"")
    done = await run(endpoint, "down", "--stack", "s", answers="yes\n")
    assert done.stderr == "error: Nothing was deleted.\n"
    assert statuses(cloud)["s"] == "CREATE_COMPLETE"
    done = await run(endpoint, "down", "--stack", "s", answers="s\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"The bucket {ARTIFACTS} stays: other stacks use it.\n" in done.stdout
    assert statuses(cloud) == {}
    assert [each["Key"] for each in cloud["s3"].list_objects_v2(Bucket=ARTIFACTS)["Contents"]] == ["t/code.zip"]


def test_missing_command_line_is_reported_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The error is one line."""
    monkeypatch.setattr(aws_module, "OWN", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["up", "--region", REGION]) == 1
    assert capsys.readouterr().err.startswith("error: AWS's command line is not installed: `make aws-tools`")


class RecordedAws(Aws):
    """Answers as CloudFormation does for states that moto never has, and records the calls."""

    def __init__(self, resources: Mapping[str, list[tuple[str, str, str]]]) -> None:
        """Take the type, id and status of each resource, by stack."""
        self.region, self.account, self.partition = REGION, "123456789012", "aws"
        self._resources = resources
        self.asked: list[tuple[str, object]] = []

    def __call__(self, *command: str, **options: Any) -> Any:
        self.asked.append((command[1], options.get("bucket") or options.get("stack_name")))
        match command[1]:
            case "list-stack-resources":
                found = self._resources[options["stack_name"]]
                names = ("ResourceType", "PhysicalResourceId", "ResourceStatus")
                return {"StackResourceSummaries": [dict(zip(names, each, strict=True)) for each in found]}
            case "describe-stacks":
                deleted = any(name == "delete-stack" for name, _ in self.asked)
                status = "DELETE_COMPLETE" if deleted else "DELETE_FAILED"
                return {"Stacks": [{"StackId": "arn:s", "StackStatus": status}]}
            case "describe-stack-events":
                return {"StackEvents": [{"Timestamp": "2026-01-01T00:00:00+00:00"}]}
        return None


def test_destroy_empties_only_the_buckets_that_are_the_stacks() -> None:
    """It leaves buckets that a rollback deleted, that another account owns, or that are retained."""
    aws = RecordedAws(
        {
            "s": [(stacks.NESTED, "arn:page", "DELETE_FAILED"), (stacks.NESTED, "arn:gone", "DELETE_COMPLETE")],
            "arn:gone": [(stacks.BUCKET, "deleted with its stack", "DELETE_COMPLETE")],
            "arn:page": [
                (stacks.BUCKET, "deleted", "DELETE_COMPLETE"),
                (stacks.BUCKET, "somebodys", "CREATE_FAILED"),
                (stacks.BUCKET, "kept", "DELETE_SKIPPED"),
                (stacks.BUCKET, "page", "DELETE_FAILED"),
            ],
        }
    )
    down(aws, stack="s", agree=lambda _question: False, log=lambda _line: None)
    emptied = {name for call, name in aws.asked if call == "list-object-versions"}
    assert emptied == {"page", ARTIFACTS}
