"""Who may invoke a function."""

from pathlib import Path
from typing import Any

import pytest

from local_aws.config import FunctionConfig, RoleConfig
from local_aws.iam import FunctionPolicies, Roles

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:stack-Connect-1"
API = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234"
ROUTE = f"{API}/dev/$connect"
IDS = {"stack-Connect-1": "Api/Connect", "abcdef1234": "Api/Chat", "dev": "Api/Stage", f"{FUNCTION}:live": "Api/Live"}


def permission(**fields: Any) -> dict[str, Any]:
    """Return a statement as moto makes it of an `AWS::Lambda::Permission`."""
    statement = {
        "Sid": "Permission",
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Resource": FUNCTION,
    }
    return statement | fields


def source(arn: str) -> dict[str, Any]:
    """Return the condition that a permission's `SourceArn` becomes."""
    return {"ArnLike": {"AWS:SourceArn": arn}}


def refusal(
    *statements: dict[str, Any], function_arn: str = FUNCTION, source_arn: str = ROUTE, **options: Any
) -> str | None:
    """Judge a function with these statements in its policy; `options` are further ones of `FunctionPolicies`."""
    function = FunctionConfig(
        name="stack-Connect-1",
        arn=FUNCTION,
        logical_id="Api/Connect",
        handler="app.handler",
        runtime="python3.13",
        code=Path(),
        resource_policy=statements,
    )
    return FunctionPolicies([function], ids=IDS, **options).denial_reason(
        function_arn=function_arn, source_arn=source_arn
    )


@pytest.mark.parametrize(
    "statement",
    [
        permission(),
        permission(Condition=source(ROUTE)),
        permission(Condition=source(f"{API}/*")),
        permission(Condition=source("arn:aws:execute-api:eu-*:*:abcdef????/*/$connect")),
        permission(Condition=source(ROUTE) | {"StringEquals": {"AWS:SourceAccount": "123456789012"}}),
        permission(Action="lambda:*"),
        permission(Action="lambda:invokefunction", Principal="*"),
        permission(Resource=f"{FUNCTION}:$LATEST"),
    ],
)
def test_a_permission_that_fits_lets_api_gateway_in(statement: dict[str, Any]) -> None:
    """By its principal, its action and where the request comes from."""
    assert refusal(statement) is None


@pytest.mark.parametrize(
    "statement",
    [
        permission(Principal={"Service": "events.amazonaws.com"}),
        permission(Principal={"AWS": "123456789012"}),
        permission(Action="lambda:GetFunction"),
        permission(Condition=source(f"{API}/dev/$disconnect")),
        permission(Condition=source(f"{API}/prod/*")),
        permission(Condition=source("arn:aws:*/dev/$connect")),
        permission(Condition={"StringEquals": {"AWS:SourceAccount": "999999999999"}}),
        permission(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
        permission(Resource=f"{FUNCTION}:live"),
    ],
)
def test_a_permission_that_does_not_fit_counts_for_nothing(statement: dict[str, Any]) -> None:
    """As on AWS, where the first request of a client would be the one to find out."""
    assert refusal(statement) is not None


def test_a_denial_outweighs_a_permission() -> None:
    """As everywhere in IAM."""
    assert refusal(permission(), permission(Effect="Deny")) is not None


def test_an_alias_has_permissions_of_its_own() -> None:
    """Those of the function do not count for it: a mistake that is easily made."""
    alias = f"{FUNCTION}:live"
    assert refusal(permission(Resource=alias), function_arn=alias) is None
    told = refusal(permission(), function_arn=alias)
    assert told is not None
    assert "FunctionName: !Ref Live," in told


def test_the_refusal_is_the_permission_that_is_missing() -> None:
    """Ready to be pasted into the template that has the function."""
    assert refusal() == (
        f"API Gateway has no permission to invoke Api/Connect for {ROUTE}; "
        "add {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Connect, Action: lambda:InvokeFunction, "
        "Principal: apigateway.amazonaws.com, SourceArn: "
        '!Sub "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Chat}/${Stage}/$connect"}}'
    )


def test_the_permissions_that_are_there_are_named_beside() -> None:
    """One of them may only be mistyped."""
    told = refusal(permission(Condition=source(f"{API}/prod/*")))
    assert str(told).endswith(f"(there is one for lambda:InvokeFunction by apigateway.amazonaws.com from {API}/prod/*)")


ROLE = "arn:aws:iam::123456789012:role/stack-Invoker-1"


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (FUNCTION, None),
        (
            "arn:aws:lambda:eu-west-1:123456789012:function:other",
            (
                f"{ROLE} may not invoke Api/Connect; "
                "add to Api/Invoker: {Effect: Allow, Action: lambda:InvokeFunction, "
                'Resource: !Sub "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Connect}"}'
            ),
        ),
    ],
)
def test_where_the_integration_names_a_role_that_role_is_asked(allowed: str, expected: str | None) -> None:
    """And the policy of the function is not."""
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": allowed}
    role = RoleConfig(arn=ROLE, logical_id="Api/Invoker", unique_id="A", policies=({"Statement": [statement]},))
    roles = Roles([role], ids=IDS)
    assert refusal(permission(), roles=roles, credentials={(FUNCTION, ROUTE): ROLE}) == expected


def test_a_function_that_is_not_there_is_not_judged() -> None:
    """Whoever would run it says so."""
    assert refusal(function_arn="arn:aws:lambda:eu-west-1:123456789012:function:other") is None
