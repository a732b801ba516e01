"""Selection of the route of a message."""

import pytest

from local_aws.api_gateway.selection import RouteSelector

ROUTES = frozenset({"$connect", "$disconnect", "$default", "join", "join-", "5", "true", "[a, b]", "chat/join", "1.5"})


def select(expression: str, body: str, routes: frozenset[str] = ROUTES) -> str | None:
    """Select a route."""
    return RouteSelector(expression, routes).route_key(body)


@pytest.mark.parametrize("expression", ["$request.body.action", "${request.body.action}"])
def test_the_value_of_a_variable_is_matched_exactly(expression: str) -> None:
    """Braces make no difference if the variable is the whole expression (2.3)."""
    assert select(expression, '{"action":"join"}') == "join"
    assert select(expression, '{"action":"Join"}') == "$default"


@pytest.mark.parametrize(
    ("expression", "body", "key"),
    [
        ("${request.body.service}/${request.body.action}", '{"service":"chat","action":"join"}', "chat/join"),
        ("${request.body.action}-${request.body.invalidPath}", '{"action":"join"}', "join-"),
        ("join", "{}", "join"),
        (r"\$default", "not JSON", "$default"),
        ("$request.body.a.b", '{"a":{"b":"join"}}', "join"),
        ("$request.body['a b']", '{"a b":"join"}', "join"),
        ('$request.body["a"].b', '{"a":{"b":"join"}}', "join"),
        ("$request.body.items[1].name", '{"items":[{},{"name":"join"}]}', "join"),
        ("$request.body.my-key", '{"my-key":"join"}', "join"),
        ("chat/$request.body.action", '{"action":"join"}', "chat/join"),
    ],
)
def test_expressions_of_every_form(expression: str, body: str, key: str) -> None:
    """Expressions may have several variables, braces, static and escaped text, and the documented paths (2.3)."""
    assert select(expression, body) == key


@pytest.mark.parametrize(("value", "key"), [("5", "5"), ("true", "true"), ('["a","b"]', "[a, b]"), ("1.5", "1.5")])
def test_values_that_are_no_text_become_text(value: str, key: str) -> None:
    """A list has the format of the documentation (2.3)."""
    assert select("$request.body.action", f'{{"action":{value}}}') == key


@pytest.mark.parametrize(
    "body",
    ["", "join", '"join"', "5", "[]", "null", "{}", '{"action":null}', '{"action":{}}', "{", "[" * 100_000,
     '{"action":NaN}', '{"action":' + "9" * 5000 + "}", '{"action":' + "[" * 900 + "]" * 900 + "}"],
    ids=lambda body: body[:14],
)  # fmt: skip
def test_everything_else_takes_the_default_route(body: str) -> None:
    """No message of a client makes the selection fail (2.3)."""
    assert select("$request.body.action", body) == "$default"


def test_without_a_default_route_there_is_none() -> None:
    """The gateway then sends `Forbidden` (2.4)."""
    assert select("$request.body.action", '{"action":"x"}', frozenset({"join"})) is None
    assert select("$request.body.action", "x", frozenset({"join"})) is None


@pytest.mark.parametrize("action", ["$connect", "$disconnect"])
def test_a_message_cannot_reach_the_routes_of_the_connection(action: str) -> None:
    """Otherwise a client could run them (2.3)."""
    body = f'{{"action":"{action}"}}'
    assert select("$request.body.action", body) == "$default"
    assert select("$request.body.action", body, ROUTES - {"$default"}) is None


@pytest.mark.parametrize(
    "expression", ["$", "$request.boddy.action", "${request.body.action", "${request.header.a}", "a\\", "$context.x",
                   "${request.body.a[*]}", "${request.body..a}"]
)  # fmt: skip
def test_what_is_no_expression_is_refused_at_once(expression: str) -> None:
    """Otherwise every message would use the default route without a visible reason."""
    with pytest.raises(ValueError, match="route selection expression"):
        RouteSelector(expression, ROUTES)
