"""Uploads the chat page to the bucket of its stack, with the address of the WebSocket API.

    python -m tools.publish_page --stack chat [--region eu-west-1] [--profile name]
    python -m tools.publish_page --stack chat --empty      before the stack is deleted

The bucket then has exactly the files of `frontend/` and `config.json`. Browsers and CloudFront may cache each file but
must revalidate it, so that users see the published version.
"""

import argparse
import json
import mimetypes
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

FRONTEND = Path(__file__).parents[1] / "frontend"
CACHE_CONTROL = "no-cache"
CONFIG = "config.json"
INDEX = "index.html"

_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml"}
"""Not taken from the machine's registry: a browser runs a module only if it has this type."""


class NoPage(Exception):
    """The stack does not exist or has no page; the text says which."""


def publish_page(s3: Any, *, bucket: str, socket_url: str, folder: Path = FRONTEND) -> list[str]:
    """Make the bucket contain exactly the folder's files and the page's configuration; return the keys.

    Args:
        s3: A boto3 client for S3.
        bucket: The stack's output `PageBucketName`.
        socket_url: The URL that the page connects to, `wss://...`.
        folder: The files to publish, without hidden files.

    """
    contents = dict(_files(folder)) | {CONFIG: json.dumps({"url": socket_url}).encode()}
    # The index is last, since it refers to the others.
    for key in sorted(contents, key=lambda each: (each == INDEX, each)):
        s3.put_object(
            Bucket=bucket, Key=key, Body=contents[key], ContentType=_content_type(key), CacheControl=CACHE_CONTROL
        )
    _delete(s3, bucket, [key for key in _keys(s3, bucket) if key not in contents])
    return sorted(contents)


def empty_page(s3: Any, *, bucket: str) -> None:
    """Delete everything in the bucket: CloudFormation can only delete an empty one."""
    _delete(s3, bucket, list(_keys(s3, bucket)))


def page_outputs(formation: Any, *, stack: str) -> dict[str, str]:
    """Return the outputs of a stack that has a page.

    Raises:
        NoPage: There is no such stack, or it was deployed without a page.

    """
    try:
        (described,) = formation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as exc:
        if exc.response["Error"]["Code"] != "ValidationError":
            raise
        raise NoPage(f"There is no stack {stack} here.") from exc
    outputs = {each["OutputKey"]: str(each["OutputValue"]) for each in described.get("Outputs", [])}
    if "PageBucketName" not in outputs:
        raise NoPage(f"The stack {stack} has no page: deploy it with Page=yes.")
    return outputs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a command; return the exit status."""
    asked = _parser().parse_args(arguments)
    session = boto3.Session(region_name=asked.region, profile_name=asked.profile)
    formation, s3 = session.client("cloudformation"), session.client("s3")
    try:
        outputs = page_outputs(formation, stack=asked.stack)
        bucket = outputs["PageBucketName"]
        if asked.empty:
            empty_page(s3, bucket=bucket)
        else:
            publish_page(s3, bucket=bucket, socket_url=outputs["WebSocketUrl"])
            print(f"Chat page  {outputs['PageUrl']}")
    except NoPage as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    finally:
        formation.close()
        s3.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.publish_page", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--stack", required=True, help="the name of the deployed stack")
    parser.add_argument("--region")
    parser.add_argument("--profile")
    parser.add_argument("--empty", action="store_true", help="delete everything in the bucket instead")
    return parser


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in parts):
            yield "/".join(parts), path.read_bytes()


def _content_type(key: str) -> str:
    kind = _TYPES.get(Path(key).suffix) or mimetypes.guess_type(key)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind == "application/json" else kind


def _keys(s3: Any, bucket: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for each in page.get("Contents", []):
            yield each["Key"]


def _delete(s3: Any, bucket: str, keys: Sequence[str]) -> None:
    # S3 accepts at most a thousand keys.
    for start in range(0, len(keys), 1000):
        objects = [{"Key": key} for key in keys[start : start + 1000]]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        if answer.get("Errors"):
            raise RuntimeError(f"not deleted: {answer['Errors']}")


if __name__ == "__main__":
    sys.exit(main())
