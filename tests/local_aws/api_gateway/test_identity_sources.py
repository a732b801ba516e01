"""The handshakes for which an authorizer runs."""

import pytest

from local_aws.api_gateway.identity_sources import IdentitySources

EVENT = {
    "headers": {"Authorization": "abc", "X-Empty": ""},
    "queryStringParameters": {"token": "t", "empty": ""},
    "stageVariables": {"colour": "red"},
    "requestContext": {"routeKey": "$connect", "identity": {"sourceIp": "1.2.3.4"}},
}


@pytest.mark.parametrize(
    "source",
    [
        "route.request.header.Authorization",
        "route.request.header.authorization",
        "$request.header.Authorization",
        "$route.request.header.Authorization",
        "route.request.querystring.token",
        "$request.querystring.token",
        "stageVariables.colour",
        "$stageVariables.colour",
        "context.routeKey",
        "$context.identity.sourceIp",
    ],
)
def test_a_source_is_found_in_the_event(source: str) -> None:
    """Header names are case-insensitive; the form of HTTP APIs works as well (4.3)."""
    assert IdentitySources([source]).all_present(EVENT)


@pytest.mark.parametrize(
    "source",
    [
        "route.request.header.Cookie",
        "route.request.header.X-Empty",
        "route.request.querystring.Token",
        "route.request.querystring.empty",
        "stageVariables.size",
        "context.identity.userAgent",
        "context.routeKey.more",
    ],
)
def test_a_missing_or_empty_source_is_noticed(source: str) -> None:
    """One missing source is enough (4.3)."""
    assert not IdentitySources(["route.request.header.Authorization", source]).all_present(EVENT)


def test_without_sources_nothing_can_be_missing() -> None:
    """The authorizer runs for every handshake (4.3)."""
    assert IdentitySources([]).all_present(EVENT)


@pytest.mark.parametrize("source", ["", "Authorization", "method.request.header.X", "route.request.body.x", "context."])
def test_what_is_no_source_is_refused(source: str) -> None:
    """On AWS it cannot be deployed (4.3)."""
    with pytest.raises(ValueError, match="not an identity source"):
        IdentitySources([source])
