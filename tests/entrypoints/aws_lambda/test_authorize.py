"""The authorizer, given exactly what API Gateway gives it."""

import importlib
import json
import logging
import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from adapters.memory import MemoryTokenVerifier
from chat_core import Forbidden, Principal, TokenVerifier, Unavailable
from entrypoints.aws_lambda.authorizer_container import AuthorizerContainer, container
from entrypoints.aws_lambda.bearer import bearer_token
from entrypoints.aws_lambda.events import Event
from tests.support import tokens
from tests.support.events import Context, authorize, connect
from tests.support.functions import functions_on, memory_ports

Authorize = Callable[[Event, Any], dict[str, Any]]


def load(verifier: TokenVerifier) -> Iterator[Authorize]:
    """Import the handler anew, as a new execution environment does."""
    container.reset_singletons()
    with container.token_verifier.override(verifier):
        yield importlib.reload(importlib.import_module("entrypoints.aws_lambda.authorize")).handler
        container.runner().close()
    container.reset_singletons()


@pytest.fixture
def function() -> Iterator[Authorize]:
    """Return the authorizer of a chat that knows one token."""
    yield from load(MemoryTokenVerifier({"sesame": Principal(id="ada")}))


class Failing(MemoryTokenVerifier):
    """Answers every token with the same error."""

    def __init__(self, error: Exception) -> None:
        super().__init__({})
        self._error = error

    async def verify(self, *, token: str, deadline: float = math.inf) -> Principal:
        raise self._error from ValueError("an internal detail")


PLACES = {
    "header": authorize({"Authorization": "Bearer sesame"}),
    "header in other case": authorize({"authorization": "bEARER  sesame "}),
    "subprotocol": authorize({"Sec-WebSocket-Protocol": "centrifuge-json, bearer.sesame"}),
    "subprotocol first": authorize({"sec-websocket-protocol": "bearer.sesame,centrifuge-json"}),
    "query": authorize(query={"token": "sesame"}),
    "header before query": authorize({"Authorization": "Bearer sesame"}, {"token": "other"}),
    "another scheme": authorize({"Authorization": "Basic c2VzYW1l"}, {"token": "sesame"}),
}


@pytest.mark.parametrize("event", PLACES.values(), ids=PLACES)
def test_token_is_found_wherever_a_client_can_put_it(function: Authorize, event: Event) -> None:
    """Only programs can set a header; a browser has the subprotocols and the URL."""
    assert function(event, Context()) == {
        "principalId": "ada",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}],
        },
    }


def test_token_is_found_in_any_of_repeated_headers() -> None:
    """Both lines count as one list, and API Gateway puts the last alone into `headers`."""
    event = authorize({"Sec-WebSocket-Protocol": "centrifuge-json"})
    event["multiValueHeaders"]["Sec-WebSocket-Protocol"].insert(0, "bearer.sesame")
    assert bearer_token(event) == "sesame"


@pytest.mark.parametrize(
    "event",
    [
        authorize(),
        authorize({"Authorization": "Bearer"}),
        authorize({"Authorization": "sesame"}),
        authorize({"Sec-WebSocket-Protocol": "centrifuge-json"}),
        authorize(query={"token": "Sesame"}),
        authorize({"Authorization": "Bearer wrong"}, {"token": "sesame"}),
    ],
)
def test_client_without_a_token_that_is_known_is_told_401(function: Authorize, event: Event) -> None:
    """By the one word that API Gateway knows."""
    with pytest.raises(Exception, match=r"^Unauthorized$") as refused:
        function(event, Context())
    assert refused.value.__suppress_context__


def test_client_with_a_token_for_another_service_is_told_403() -> None:
    """By a policy that denies, which has to name somebody all the same."""
    for function in load(Failing(Forbidden("The token is for another audience."))):
        answer = function(authorize({"Authorization": "Bearer x"}), Context())
        assert answer["policyDocument"]["Statement"][0]["Effect"] == "Deny"
        assert answer["principalId"]


def test_failure_to_judge_is_one_clear_line_and_no_policy(caplog: pytest.LogCaptureFixture) -> None:
    """API Gateway makes 500 of it; a policy that denies would send the client away for good."""
    for function in load(Failing(Unavailable("The key set could not be read."))):
        with pytest.raises(Unavailable):
            function(authorize({"Authorization": "Bearer x"}), Context())
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage() == "cannot verify tokens: The key set could not be read. an internal detail"


@pytest.mark.parametrize("event", PLACES.values(), ids=PLACES)
def test_nothing_of_a_token_is_logged(function: Authorize, caplog: pytest.LogCaptureFixture, event: Event) -> None:
    """At no level; logs are read by more people than may connect."""
    caplog.set_level(logging.DEBUG)
    function(event, Context())
    with pytest.raises(Exception, match="Unauthorized"):
        function(authorize({"Authorization": "Bearer open-sesame"}), Context())
    assert "sesame" not in caplog.text


def test_subprotocol_that_carries_a_token_is_not_the_one_accepted() -> None:
    """`$connect` would send the token back."""
    with functions_on(memory_ports()) as functions:
        answer = functions("connect", connect({"Sec-WebSocket-Protocol": "bearer.sesame, centrifuge-json"}))
    assert answer == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "centrifuge-json"}}


@pytest.fixture
def secret_arn(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Put the secret where the stack does."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_endpoint)
    client = boto3.client("secretsmanager", region_name="us-east-1")
    arn = client.create_secret(Name="tokens", SecretString=tokens.SECRET)["ARN"]
    yield arn
    client.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    client.close()


def test_secret_comes_from_secrets_manager(secret_arn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the template puts into the environment."""
    variables = {"AUTHORIZER_TYPE": "hs256", "TOKEN_SECRET_ARN": secret_arn, "TOKEN_ISSUER": "", "TOKEN_AUDIENCE": ""}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    own = AuthorizerContainer()
    assert own.runner().run(own.token_verifier().verify(token=tokens.hs256())) == Principal(id="ada")
    own.runner().close()


def test_keys_come_from_the_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over HTTP, from the URL of the environment."""
    with tokens.key_server(tokens.public_rsa()) as server:
        variables = {"JWKS_URL": server.url, "TOKEN_ISSUER": tokens.ISSUER, "TOKEN_AUDIENCE": tokens.AUDIENCE}
        for name, value in {"AUTHORIZER_TYPE": "jwks", "CLOCK_SKEW_SECONDS": "5", **variables}.items():
            monkeypatch.setenv(name, value)
        own = AuthorizerContainer()
        assert own.runner().run(own.token_verifier().verify(token=tokens.rs256())) == Principal(id="ada")
        own.runner().close()


def test_key_set_without_issuer_or_audience_is_no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens for every other application of the issuer would open this one."""
    for name, value in {"AUTHORIZER_TYPE": "jwks", "JWKS_URL": "https://x", "TOKEN_ISSUER": "https://x"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TOKEN_AUDIENCE", raising=False)
    with pytest.raises(ValueError, match="TOKEN_AUDIENCE"):
        AuthorizerContainer().token_verifier()


def test_secret_that_cannot_be_had_is_that_handshakes_failure(secret_arn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one tries again, with a secret that has been made meanwhile."""
    client = boto3.client("secretsmanager", region_name="us-east-1")
    for name, value in {"AUTHORIZER_TYPE": "hs256", "TOKEN_SECRET_ARN": "late"}.items():
        monkeypatch.setenv(name, value)
    own = AuthorizerContainer()
    verifier = own.token_verifier()
    with pytest.raises(Unavailable, match="The secret could not be read") as failed:
        own.runner().run(verifier.verify(token=tokens.hs256()))
    assert "ResourceNotFoundException" in str(failed.value.__cause__)
    client.create_secret(Name="late", SecretString=tokens.SECRET)
    assert own.runner().run(verifier.verify(token=tokens.hs256())) == Principal(id="ada")
    client.delete_secret(SecretId="late", ForceDeleteWithoutRecovery=True)
    client.close()
    own.runner().close()


def test_authorizer_judges_without_the_sdk(secret_arn: str, moto_endpoint: str) -> None:
    """Importing it takes a cold start longer than all else, and its archive need not have it."""
    import subprocess

    check = """import json, sys; from entrypoints.aws_lambda.authorize import handler
class Ctx: get_remaining_time_in_millis = lambda self: 10_000
print(handler(json.load(sys.stdin), Ctx())["principalId"], [m for m in ("boto3", "botocore") if m in sys.modules])"""
    variables = {"AUTHORIZER_TYPE": "hs256", "TOKEN_SECRET_ARN": secret_arn, "AWS_ENDPOINT_URL": moto_endpoint}
    credentials = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
    done = subprocess.run(
        [sys.executable, "-c", check],
        env=variables | credentials | {"PYTHONPATH": ":".join(sys.path)},
        input=json.dumps(authorize({"Authorization": f"Bearer {tokens.hs256()}"})),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "ada []"
