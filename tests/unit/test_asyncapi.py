"""The description of both protocols for programs: it is valid, and says what the codecs do."""

import json
import tomllib
from typing import Any

import pytest
from jsonschema import Draft7Validator

from chat_core.domain.closing import ConnectionEnded
from chat_core.errors import ChatError, InvalidRequest, NotAvailable
from chat_core.wire.centrifuge import Centrifuge
from chat_core.wire.centrifuge.requests import REQUESTS
from chat_core.wire.codec import RefusedRequest, Request
from chat_core.wire.codecs import Codecs
from chat_core.wire.plain import Plain
from tests.support.asyncapi import REPOSITORY, SCHEMA, described_as, document, messages

PARTS = document()["components"]


def examples(channel: str, sender: Any) -> list[Any]:
    """Return the messages that one side sends, with an example each."""
    names = messages(channel, sender)
    return [
        pytest.param(name, one["payload"], id=name) for name in names for one in PARTS["messages"][name]["examples"]
    ]


def test_document_keeps_to_its_specification() -> None:
    """Tools read it: they draw pages and make clients of it."""
    if not SCHEMA.exists():
        pytest.skip("no schema in .cache: `make asyncapi-schema` brings it from npm")
    validator = Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [f"{each.json_path}: {each.message}" for each in validator.iter_errors(document())] == []


def test_document_is_of_this_version() -> None:
    """It is published with the project."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (document()["info"]["version"], document()["info"]["license"]["name"]) == (
        project["version"],
        project["license"],
    )


def test_every_message_is_sent_by_somebody() -> None:
    """A message that no operation has is not of the protocol."""
    sent = {
        each
        for channel in document()["channels"]
        for sender in ("client", "server")
        for each in messages(channel, sender)
    }
    assert sent == set(PARTS["messages"])


def test_every_codec_has_a_channel() -> None:
    """With the name by which a client asks for it."""
    channels = document()["channels"]
    assert {each.name for each in Codecs()} == set(channels)
    for name, channel in channels.items():
        assert channel["bindings"]["ws"]["query"]["properties"]["protocol"]["const"] == name


@pytest.mark.parametrize(("name", "payload"), [*examples("plain", "server"), *examples("centrifuge", "server")])
def test_example_of_the_servers_fits_its_message(name: str, payload: Any) -> None:
    """A reader takes the example for the truth."""
    assert name in described_as(payload, "centrifuge", "server") + described_as(payload, "plain", "server")


@pytest.mark.parametrize(("name", "payload"), examples("plain", "client"))
def test_example_of_a_plain_client_is_understood(name: str, payload: Any) -> None:
    """What is described can be done."""
    assert described_as(payload, "plain", "client") == [name]
    (decoded,) = Plain().decode(json.dumps(payload))
    assert isinstance(decoded, Request)


@pytest.mark.parametrize(("name", "payload"), examples("centrifuge", "client"))
def test_example_of_a_client_of_centrifuges_is_understood(name: str, payload: Any) -> None:
    """What is described can be done, unless it is described as not available."""
    assert described_as(payload, "centrifuge", "client") == [name]
    for decoded in Centrifuge().decode(json.dumps(payload)):
        assert isinstance(decoded, RefusedRequest) == (name == "unavailable")
        assert isinstance(decoded, Request) or isinstance(decoded.fault, NotAvailable | ConnectionEnded)


@pytest.mark.parametrize("request_name", REQUESTS)
def test_every_request_is_described(request_name: str) -> None:
    """With a room, for those that have one."""
    command = {"id": 1, request_name: {"channel": "news", "data": 1}}
    assert len(described_as(command, "centrifuge", "client")) == 1


def faults(kind: type[ChatError] = ChatError) -> set[str]:
    """Return the codes of all faults."""
    return {getattr(kind, "code", "")}.union(*map(faults, kind.__subclasses__()))


def test_errors_of_plain_clients_are_described() -> None:
    """Programs branch on the code."""
    payload = Plain().encode_fault(ref=7, fault=InvalidRequest("no", member="data"))
    assert "plainError" in described_as(json.loads(payload), "plain", "server")
    codes = PARTS["messages"]["plainError"]["payload"]["properties"]["code"]["enum"]
    assert set(codes) <= faults()
