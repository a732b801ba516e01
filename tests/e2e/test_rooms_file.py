"""`chat local` with a file of rooms of one's own, which is edited while clients are connected."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.centrifuge import centrifuge_client
from tests.support.local_stack import LocalStack, local_stack


def write(path: Path, **options: Any) -> None:
    """Write a file with one namespace, `talk`."""
    path.write_text(json.dumps({"namespaces": [{"name": "talk", **options}]}), encoding="utf-8")


def edit(stack: LocalStack, path: Path, **options: Any) -> None:
    """Replace the file; wait until it is noticed."""
    stack.log.clear()
    write(path, **options)
    assert stack.wait_for_log("Reloaded") == f"Reloaded: {path} changed"


@pytest.mark.timeout(120)
async def test_rooms_are_as_the_file_has_them_at_the_next_event(tmp_path: Path) -> None:
    """Trying out options needs no restart. A mistake is told in the log, and its correction is taken over."""
    path = tmp_path / "mine.json"
    write(path, presence=False)
    with local_stack("--rooms", str(path)) as stack:
        async with centrifuge_client(stack.ws_url) as client:
            assert (await client.call("subscribe", channel="typing:x"))["error"]["code"] == 102
            await client.call("subscribe", channel="talk:x")
            assert (await client.call("presence", channel="talk:x"))["error"]["code"] == 108

            edit(stack, path, presence=True)
            presence = (await client.call("presence", channel="talk:x"))["presence"]["presence"]
            assert set(presence) == {client.id}

            edit(stack, path, presence="yes")
            stack.wait_for_log(r"WrongSettings: namespaces\[0\]\.presence: must be true or false")

            edit(stack, path, presence=False)
            assert (await client.call("presence", channel="talk:x"))["error"]["code"] == 108
