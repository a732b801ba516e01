"""The permissions of every function."""

import json
from typing import Any

import pytest

WRITE_LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]
TABLE = {"Ref": "TableArn"}
QUEUE = {"Ref": "QueueArn"}
CONNECTIONS = [
    {
        "Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:"
        f"${{Api}}/${{StageName}}/{method}/@connections/*"
    }
    for method in ("POST", "DELETE")
]


TRACE = {
    "Fn::If": [
        "Traces",
        {
            "Effect": "Allow",
            "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
            "Resource": "*",
        },
        {"Ref": "AWS::NoValue"},
    ]
}
"""If traces are enabled. X-Ray has no resources that a policy could name."""


def log_of(prefix: str) -> dict[str, list[str]]:
    """Return the ARN of a function's log group; its end `:*` stands for the streams."""
    return {"Fn::GetAtt": [f"{prefix}Log", "Arn"]}


READ_BY_KEY = "dynamodb:GetItem"
DELIVER = [
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
]
"""Taking a room's turn, reading its members, recording, and removing the members found gone."""
Granted = tuple[list[str], dict[str, Any] | list[dict[str, str]]]
"""Actions, and the resource or resources that they are allowed on."""
DELIVERS: list[Granted] = [
    (DELIVER, TABLE),
    (["execute-api:ManageConnections"], CONNECTIONS),
    (["sqs:SendMessage"], QUEUE),
]
RECEIVES: list[Granted] = [(sorted([*DELIVER, READ_BY_KEY]), TABLE), *DELIVERS[1:]]
"""The sender of a frame is read by its key."""
MAY: dict[str, list[Granted]] = {
    "ConnectFunction": [
        (WRITE_LOGS, log_of("Connect")),
        (["dynamodb:PutItem", "dynamodb:UpdateItem"], TABLE),
    ],
    "DisconnectFunction": [(WRITE_LOGS, log_of("Disconnect")), *DELIVERS],
    "SendMessageFunction": [(WRITE_LOGS, log_of("SendMessage")), *RECEIVES],
    "DefaultFunction": [(WRITE_LOGS, log_of("Default")), *RECEIVES],
    "KeepAliveFunction": [(WRITE_LOGS, log_of("KeepAlive")), *DELIVERS],
    "FanOutFunction": [
        (WRITE_LOGS, log_of("FanOut")),
        *DELIVERS[:2],
        (
            [
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ],
            QUEUE,
        ),
    ],
}


def role_of(api: dict[str, Any], function: str) -> dict[str, Any]:
    """Return the properties of the role that the function names."""
    role_id, attribute = api["Resources"][function]["Properties"]["Role"]["Fn::GetAtt"]
    role = api["Resources"][role_id]
    assert (role["Type"], attribute) == ("AWS::IAM::Role", "Arn")
    properties: dict[str, Any] = role["Properties"]
    return properties


def statements_of(role: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every statement of every policy of the role."""
    statements = [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]
    return [statement for statement in statements if statement != TRACE]


def actions_of(statement: dict[str, Any]) -> list[str]:
    """Return the statement's actions, in order; a policy may have a single one without a list."""
    actions = statement["Action"]
    return sorted(actions) if isinstance(actions, list) else [actions]


@pytest.mark.parametrize("function", MAY)
def test_a_function_may_do_this_and_nothing_else(api: dict[str, Any], function: str) -> None:
    """The table above is exact: an unneeded action fails too."""
    statements = statements_of(role_of(api, function))

    assert [(actions_of(statement), statement["Resource"]) for statement in statements] == MAY[function]
    assert {statement["Effect"] for statement in statements} == {"Allow"}


def test_every_function_and_every_role_is_accounted_for(api: dict[str, Any]) -> None:
    """SAM would create a role that may write to every log group."""
    functions = [n for n, r in api["Resources"].items() if r["Type"] == "AWS::Serverless::Function"]
    roles = [r["Properties"] for r in api["Resources"].values() if r["Type"] == "AWS::IAM::Role"]

    assert sorted(functions) == sorted(MAY)
    assert [role_of(api, function) for function in functions] == roles


@pytest.mark.parametrize("function", MAY)
def test_a_role_is_for_lambda_alone_and_takes_no_ready_made_policy(api: dict[str, Any], function: str) -> None:
    """AWS may add permissions to a managed policy later."""
    role = role_of(api, function)
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]

    assert trust == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    assert "ManagedPolicyArns" not in role
    assert "Policies" not in api["Resources"][function]["Properties"]


def test_no_action_is_a_pattern(api: dict[str, Any]) -> None:
    """`*` and `?` are IAM's wildcards."""
    actions = [a for f in MAY for s in statements_of(role_of(api, f)) for a in actions_of(s)]

    assert [action for action in actions if "*" in action or "?" in action] == []


def test_the_connection_id_is_the_only_open_end_of_a_resource(api: dict[str, Any]) -> None:
    """A connection id is unknown before a client connects; everything else is named."""
    resources = [s["Resource"] for f in MAY for s in statements_of(role_of(api, f))]

    assert [r for r in resources if "*" in json.dumps(r) and r != CONNECTIONS] == []
