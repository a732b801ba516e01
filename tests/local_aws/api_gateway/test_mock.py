"""Mock integrations, to which the gateway itself responds."""

import json
from typing import Any

import pytest

from local_aws.config import MockConfig, RouteConfig, TemplatesConfig
from tests.support.gateway import Api

OK = TemplatesConfig(templates={"$default": '{"statusCode": 200}'})


def answering(template: str, **config: Any) -> MockConfig:
    """Return a mock with the template as its only response."""
    return MockConfig(request=OK, responses={"$default": TemplatesConfig(templates={"$default": template})}, **config)


def put(api: Api, mock: MockConfig, key: str = "$default", *, two_way: bool = True) -> None:
    """Add a route with a mock."""
    api.routes[key] = RouteConfig(key=key, integration=None, mock=mock, returns_response=two_way)


async def answer(api: Api, message: str, **options: Any) -> str:
    """Start the API and return its response to a message."""
    await api.start(**options)
    async with api.connect() as client:
        await client.send(message)
        return str(await client.recv())


async def test_a_mock_answers_with_values_of_the_event(api: Api) -> None:
    """A client can receive its connection id without a function (2.12)."""
    put(
        api, answering('{"id": "$context.connectionId", "route": "${context.routeKey}", "v": "$stageVariables.colour"}')
    )
    found = json.loads(await answer(api, "hello", variables={"colour": "blue"}))
    assert (found["route"], found["v"]) == ("$default", "blue")
    assert len(found["id"]) == 16
    assert api.functions.events == []


@pytest.mark.parametrize(
    ("made", "key"),
    [('{"statusCode": 204}', "/2\\d\\d/"), ('{"statusCode": 404}', "404"), ('{"statusCode": 500}', "$default")],
)
async def test_the_status_takes_the_integration_response(api: Api, made: str, key: str) -> None:
    """Keys are a pattern between slashes, a status, or `$default` (2.12)."""
    keys = ("/2\\d\\d/", "404", "$default")
    responses = {each: TemplatesConfig(templates={"$default": f"that of {each[1:]}"}) for each in keys}
    put(api, MockConfig(request=TemplatesConfig(templates={"$default": made}), responses=responses))
    assert await answer(api, "hello") == f"that of {key[1:]}"


async def test_what_the_request_template_makes_of_a_message_is_the_input_of_the_responses(api: Api) -> None:
    """Each template is selected by an expression of its own (2.12)."""
    request = TemplatesConfig(
        templates={"ping": """{"statusCode": 200, "was": $input.json('$.data.n')}""", "$default": "{}"},
        selection_expression="$request.body.action",
    )
    response = TemplatesConfig(templates={"200": "n=$input.path('$.was'), all=$input.body"}, selection_expression="200")
    put(api, MockConfig(request=request, responses={"$default": response}))
    assert await answer(api, '{"action": "ping", "data": {"n": [1]}}') == 'n=[1], all={"statusCode": 200, "was": [1]}'


@pytest.mark.parametrize(
    "mock",
    [
        MockConfig(request=TemplatesConfig(templates={"$default": "{}"})),
        MockConfig(request=TemplatesConfig(templates={"$default": '{"statusCode": 101}'})),
        MockConfig(request=TemplatesConfig()),
        MockConfig(request=OK),
        answering("#evaluate('1')"),
        answering("$input.params('x')"),
        answering("#foreach($i in [1..1001])#end"),
        MockConfig(request=OK, responses={"/(/": OK}),
    ],
    ids=[
        "no status",
        "no final status",
        "no template",
        "no response",
        "directive",
        "function",
        "too much",
        "no pattern",
    ],
)
async def test_a_mock_that_comes_to_nothing_is_an_error_of_the_server(api: Api, mock: MockConfig) -> None:
    """The client receives the error of a failing function, and the log has the reason (2.12)."""
    put(api, mock)
    assert json.loads(await answer(api, "hello"))["message"] == "Internal server error"
    assert api.lines


async def test_a_one_way_mock_answers_nothing_and_needs_no_response(api: Api) -> None:
    """It ignores its messages (2.12)."""
    put(api, MockConfig(request=OK), two_way=False)
    put(api, answering("pong"), "ping")
    await api.start()
    async with api.connect() as client:
        await client.send("swallowed")
        await client.send('{"action": "ping"}')
        assert await client.recv() == "pong"
    assert api.lines == []


async def test_a_mock_computes_its_answer(api: Api) -> None:
    """Its templates are programs in the Velocity language (2.12)."""
    put(api, answering("#foreach($each in $input.path('$.statusCode').toString().split('0'))[$each]#end"))
    assert await answer(api, "hello") == "[2]"


@pytest.mark.parametrize(("status", "expected"), [(200, None), (403, 403)])
async def test_a_mock_of_connect_decides_by_its_status(api: Api, status: int, expected: int | None) -> None:
    """The status decides like that of a function (2.12)."""
    put(api, MockConfig(request=TemplatesConfig(templates={"$default": f'{{"statusCode": {status}}}'})), "$connect")
    put(api, MockConfig(request=OK), "$disconnect")
    await api.start()
    if expected is None:
        async with api.connect():
            pass
    else:
        assert (await api.refusal())[0] == expected
