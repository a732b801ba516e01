"""Validation of messages by the models of their route."""

import json
from typing import Any

import pytest

from tests.support.gateway import Api, Event

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
SIZE = {"type": "object", "properties": {"size": {"minimum": 0, "exclusiveMinimum": True}}}


async def answer(event: Event) -> dict[str, Any]:
    """Respond that the message was accepted."""
    return {"statusCode": 200, "body": "came through"}


async def start(api: Api, models: dict[str, Any], expression: str = "$request.body.kind") -> None:
    """Start an API with these models on its `$default` route."""
    api.route("$default", answer, two_way=True, model_selection_expression=expression, request_models=models)
    await api.start()


@pytest.mark.parametrize(
    ("message", "passes"),
    [
        ('{"kind": "text", "text": "hi"}', True),
        ('{"kind": "text", "text": 5}', False),
        ('{"kind": "text"}', False),
        ('{"kind": "other", "size": 1}', True),
        ('{"size": 0}', False),
        ("no JSON", False),
        ("[" * 30_000, False),
        ("[]", False),
    ],
)
async def test_a_message_that_its_model_refuses_reaches_no_function(api: Api, message: str, passes: bool) -> None:
    """The expression selects the model, else `$default`; draft 4 has boolean exclusive bounds (2.5)."""
    await start(api, {"text": TEXT, "$default": SIZE})
    async with api.connect() as client:
        await client.send(message)
        frame = str(await client.recv())
    assert (frame == "came through") is passes
    assert bool(api.functions.events) is passes


async def test_client_receives_the_frame_of_the_guide_and_the_log_the_reason(api: Api) -> None:
    """It has the message id in place of the request id of other error frames (2.5)."""
    await start(api, {"$default": TEXT})
    async with api.connect() as client:
        await client.send("{}")
        frame = str(await client.recv())
        await client.send('{"text": "still open"}')
        assert await client.recv() == "came through"
    document = json.loads(frame)
    identity, message = document["connectionId"], document["messageId"]
    assert frame == f'{{"message" : "Bad request body", "connectionId": "{identity}", "messageId": "{message}"}}'
    assert api.lines == [f"$default {identity}: Bad request body: $: 'text' is a required property"]


async def test_a_message_for_which_there_is_no_model_is_refused(api: Api) -> None:
    """Without `$default`, a message has to select a model (2.5)."""
    await start(api, {"text": TEXT})
    async with api.connect() as client:
        await client.send('{"kind": "other"}')
        assert json.loads(await client.recv())["message"] == "Bad request body"


async def test_models_without_an_expression_do_nothing(api: Api) -> None:
    """The expression enables the validation (2.5)."""
    await start(api, {"$default": TEXT}, expression="")
    async with api.connect() as client:
        await client.send("{}")
        assert await client.recv() == "came through"


@pytest.mark.parametrize("schema", [{"type": "text"}, {"required": []}], ids=["no such type", "draft 4 needs one"])
async def test_a_schema_that_is_none_is_refused_at_once(api: Api, schema: dict[str, Any]) -> None:
    """A mistake must show at the start, not with the first message (2.5)."""
    with pytest.raises(ValueError, match=r"the model \$default of the route \$default"):
        await start(api, {"$default": schema})
