"""The payloads of both protocols, held against docs/asyncapi.yaml."""

import copy
import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml  # type: ignore[import-untyped]
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from chat_core.wire.centrifuge import Centrifuge

if TYPE_CHECKING:
    from chat_core.domain.events import Event
    from chat_core.domain.replies import Reply
    from chat_core.errors import ChatError
    from chat_core.wire.codec import Ref

REPOSITORY = Path(__file__).parents[2]
SCHEMA = REPOSITORY / ".cache/asyncapi-schema/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"
"""The schema of AsyncAPI documents, as its authors publish it; `make asyncapi-schema` brings it."""

Sender = Literal["client", "server"]


@cache
def document() -> Any:
    """Return the document."""
    return yaml.safe_load((REPOSITORY / "docs" / "asyncapi.yaml").read_text(encoding="utf-8"))


def messages(channel: str, sender: Sender) -> list[str]:
    """Return the names of the messages of a channel that one side sends."""
    found: list[dict[str, str]] = []
    for operation in document()["operations"].values():
        if operation["channel"]["$ref"] == f"#/channels/{channel}":
            sends = "client" if operation["action"] == "receive" else "server"
            found += operation["messages"] if sends == sender else []
            found += operation.get("reply", {}).get("messages", []) if sender == "server" else []
    names = [each["$ref"].rpartition("/")[2] for each in found]
    refs = document()["channels"][channel]["messages"]
    return [refs[name]["$ref"].rpartition("/")[2] for name in dict.fromkeys(names)]


def described_as(payload: Any, channel: str, sender: Sender) -> list[str]:
    """Return the names of the messages whose description fits the payload.

    The server's must not have a member that is not described. A client's may: it is ignored.
    """
    return [each for each in messages(channel, sender) if _validator(each, sender).is_valid(payload)]


def check_lines(frame: str, sender: Sender = "server") -> None:
    """Hold a frame of Centrifuge's protocol against the document: each line is exactly one message."""
    for line in frame.split("\n"):
        names = described_as(json.loads(line), "centrifuge", sender)
        assert len(names) == 1, f"{line} is described as {names or 'nothing'}"


class DescribedCentrifuge(Centrifuge):
    """The codec, every payload of which is held against the document."""

    def encode_reply(self, *, ref: "Ref", reply: "Reply") -> Sequence[str]:
        payloads = super().encode_reply(ref=ref, reply=reply)
        for each in payloads:
            check_lines(each)
        return payloads

    def encode_fault(self, *, ref: "Ref | None", fault: "ChatError") -> str | None:
        payload = super().encode_fault(ref=ref, fault=fault)
        if payload is not None:
            check_lines(payload)
        return payload

    def encode_event(self, event: "Event") -> str:
        payload = super().encode_event(event)
        check_lines(payload)
        return payload


@cache
def _validator(message: str, sender: Sender) -> Any:
    uri = f"urn:{sender}"
    contents = copy.deepcopy(document())
    if sender == "server":
        for each in _objects(contents["components"]):
            each.setdefault("additionalProperties", False)
    registry: Registry[Any] = Registry().with_resource(uri, DRAFT7.create_resource(contents))
    return Draft7Validator({"$ref": f"{uri}#/components/messages/{message}/payload"}, registry=registry)


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    """Yield the schemas of objects inside a part of the document."""
    if isinstance(node, list):
        for each in node:
            yield from _objects(each)
    elif isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node:
            yield node
        for key, each in node.items():
            if key != "examples":
                yield from _objects(each)
