"""Publishing the page to a bucket: moto's S3 and CloudFormation, over HTTP."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tools import publish_page as tool

SOCKET = "wss://abc.execute-api.us-east-1.amazonaws.com/dev"
STACK = {
    "Resources": {"PageBucket": {"Type": "AWS::S3::Bucket"}},
    "Outputs": {
        "PageBucketName": {"Value": {"Ref": "PageBucket"}},
        "PageUrl": {"Value": "https://d111111abcdef8.cloudfront.net/"},
        "WebSocketUrl": {"Value": SOCKET},
    },
}


@pytest.fixture
def aws(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Direct the SDK, and so the command, to moto; return a client of S3."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_endpoint)
    client = boto3.client("s3")
    yield client
    client.close()


@pytest.fixture
def bucket(aws: Any) -> str:
    """Make an empty bucket."""
    name = f"page-{uuid.uuid4().hex[:8]}"
    aws.create_bucket(Bucket=name)
    return name


@pytest.fixture
def stack(aws: Any) -> Iterator[str]:
    """Create a stack with a page."""
    name = f"chat-{uuid.uuid4().hex[:8]}"
    formation = boto3.client("cloudformation")
    formation.create_stack(StackName=name, TemplateBody=json.dumps(STACK))
    yield name
    formation.close()


def keys(aws: Any, bucket: str) -> set[str]:
    return {each["Key"] for each in aws.list_objects_v2(Bucket=bucket).get("Contents", [])}


def test_page_is_told_where_the_socket_is(aws: Any, bucket: str) -> None:
    """The URL is in the file that frontend/main.js reads."""
    tool.publish_page(aws, bucket=bucket, socket_url=SOCKET)

    config = aws.get_object(Bucket=bucket, Key="config.json")
    assert json.loads(config["Body"].read()) == {"url": SOCKET}
    assert config["ContentType"] == "application/json; charset=utf-8"


def test_every_file_of_the_page_is_there_as_what_it_is_and_nothing_is_seen_stale(aws: Any, bucket: str) -> None:
    """A browser runs modules only with the right type.

    File names stay the same, so that it must revalidate each time.
    """
    published = tool.publish_page(aws, bucket=bucket, socket_url=SOCKET)

    files = {path.relative_to(tool.FRONTEND).as_posix() for path in tool.FRONTEND.rglob("*") if path.is_file()}
    assert keys(aws, bucket) == set(published) == files | {"config.json"}
    types = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    for name in files:
        head = aws.head_object(Bucket=bucket, Key=name)
        assert head["ContentType"].split(";")[0] == types[Path(name).suffix]
        assert head["CacheControl"] == "no-cache"


def test_what_is_no_longer_part_of_the_page_goes(aws: Any, bucket: str, tmp_path: Path) -> None:
    """Removed files are deleted, dot files are never published, folders are."""
    (tmp_path / "images").mkdir()
    for name in ("index.html", "old.js", ".secret", "images/a.png"):
        (tmp_path / name).write_text("x")
    tool.publish_page(aws, bucket=bucket, socket_url=SOCKET, folder=tmp_path)
    assert keys(aws, bucket) == {"config.json", "index.html", "old.js", "images/a.png"}

    (tmp_path / "old.js").unlink()
    tool.publish_page(aws, bucket=bucket, socket_url=SOCKET, folder=tmp_path)
    assert keys(aws, bucket) == {"config.json", "index.html", "images/a.png"}


def test_bucket_can_be_emptied_however_much_is_in_it(aws: Any, bucket: str) -> None:
    """S3 lists and deletes a thousand objects at a time."""
    for i in range(1001):
        aws.put_object(Bucket=bucket, Key=f"{i}", Body=b"")

    tool.empty_page(aws, bucket=bucket)

    aws.delete_bucket(Bucket=bucket)


def test_command_publishes_to_the_stack_of_that_name(aws: Any, stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the page's URL; `--empty` makes the stack deletable."""
    assert tool.main(["--stack", stack]) == 0
    assert capsys.readouterr().out == "Chat page  https://d111111abcdef8.cloudfront.net/\n"
    formation = boto3.client("cloudformation")
    bucket = tool.page_outputs(formation, stack=stack)["PageBucketName"]
    formation.close()
    assert "index.html" in keys(aws, bucket)

    assert tool.main(["--stack", stack, "--empty"]) == 0
    assert keys(aws, bucket) == set()


def test_stack_that_is_missing_or_has_no_page_is_told_in_one_line(
    aws: Any, moto_endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what to do."""
    assert tool.main(["--stack", "absent"]) == 1
    assert capsys.readouterr().err == "error: There is no stack absent here.\n"

    formation = boto3.client("cloudformation")
    formation.create_stack(StackName="pageless", TemplateBody=json.dumps({"Resources": STACK["Resources"]}))
    formation.close()
    assert tool.main(["--stack", "pageless"]) == 1
    assert "deploy it with Page=yes" in capsys.readouterr().err
