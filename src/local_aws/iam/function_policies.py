"""Evaluates the resource policies of functions, to which `AWS::Lambda::Permission` adds statements. Pure.

Source: AWS Lambda Developer Guide, "Viewing resource-based IAM policies in Lambda", and API Gateway Developer Guide,
"Managing permissions to invoke a Lambda function". If an integration or an authorizer names a role, the policies of
that role count instead. Aliases and versions have policies of their own: a permission for the function does not count
for them, and theirs does not count for the function.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local_aws.authorization import InvokePermissionChecker
from local_aws.config import FunctionConfig, unqualified
from local_aws.iam.condition_operators import holds
from local_aws.iam.names import PhysicalIds, as_template, folder
from local_aws.iam.policies import Decision
from local_aws.iam.roles import Roles
from local_aws.iam.wildcards import compiled

ACTION = "lambda:InvokeFunction"
PRINCIPALS = {"execute-api": "apigateway.amazonaws.com", "events": "events.amazonaws.com"}
"""The service that invokes, by the service in the ARN of the source."""
Statement = Mapping[str, Any]


class FunctionPolicies(InvokePermissionChecker):
    """Decides who may invoke the functions of a stack."""

    def __init__(
        self,
        functions: Sequence[FunctionConfig],
        *,
        ids: PhysicalIds,
        roles: Roles | None = None,
        credentials: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        """Take the functions of a stack.

        Args:
            functions: The functions with their resource policies.
            ids: The logical ids of the resources, by their physical ids.
            roles: Evaluate the policies of roles that API Gateway assumes.
            credentials: The ARN of the assumed role, by the ARNs of the function and of the source.

        """
        self._functions = {each.arn: each for each in functions}
        self._ids = ids
        self._roles = roles
        self._credentials = credentials or {}
        self._refusals: dict[tuple[str, str], str | None] = {}
        """The denial reasons, by function and source: few pairs, and each message needs one. Decisions of roles are not
        kept here, because roles change."""

    def denial_reason(self, *, function_arn: str, source_arn: str) -> str | None:
        """Evaluate the function's policy. The reason names the permission that the template lacks."""
        request = (function_arn, source_arn)
        function = self._functions.get(unqualified(function_arn))
        if function is None:
            # The invoker reports that the function does not exist.
            return None
        role = self._credentials.get(request)
        if role is not None and self._roles is not None:
            return self._of_role(self._roles, role, function, function_arn)
        if request not in self._refusals:
            self._refusals[request] = self._judge(function, function_arn, source_arn)
        return self._refusals[request]

    def _judge(self, function: FunctionConfig, function_arn: str, source_arn: str) -> str | None:
        context = {"aws:sourcearn": source_arn, "aws:sourceaccount": source_arn.split(":")[4]}
        statements = list(_of(function.resource_policy, function_arn))
        principal = _principal(source_arn)
        effects = {each.get("Effect") for each in statements if _matches(each, principal, context)}
        return None if effects == {"Allow"} else self._advice(function, function_arn, source_arn, statements)

    def _of_role(self, roles: Roles, role: str, function: FunctionConfig, function_arn: str) -> str | None:
        decision = roles.judge(role, ACTION, function_arn)
        if decision is Decision.ALLOWED:
            return None
        advice = roles.advice(role, ACTION, function_arn, decision)
        return f"{role} may not invoke {function.logical_id}; {advice}"

    def _advice(
        self, function: FunctionConfig, function_arn: str, source_arn: str, statements: Sequence[Statement]
    ) -> str:
        inside = folder(function.logical_id)
        qualified = function_arn != function.arn
        name = (
            as_template(function_arn, ids=self._ids, inside=inside)
            if qualified
            else f"!Ref {function.logical_id[len(inside) :]}"
        )
        source = as_template(source_arn, ids=self._ids, inside=inside)
        principal = _principal(source_arn)
        properties = f"{{FunctionName: {name}, Action: {ACTION}, Principal: {principal}, SourceArn: {source}}}"
        who = "API Gateway" if principal == PRINCIPALS["execute-api"] else "EventBridge"
        text = (
            f"{who} has no permission to invoke {function.logical_id} for {source_arn}; "
            f"add {{Type: AWS::Lambda::Permission, Properties: {properties}}}"
        )
        present = ", ".join(_described(each) for each in statements)
        return f"{text} (there is one for {present})" if present else text


def _of(statements: Sequence[Statement], function_arn: str) -> Iterator[Statement]:
    """Yield the statements of exactly this function, alias or version."""
    for each in statements:
        if str(each.get("Resource", "")).removesuffix(":$LATEST") == function_arn.removesuffix(":$LATEST"):
            yield each


def _principal(source_arn: str) -> str:
    return PRINCIPALS[source_arn.split(":")[2]]


def _matches(statement: Statement, principal: str, context: Mapping[str, str]) -> bool:
    return (
        _names_principal(statement.get("Principal"), principal)
        and any(compiled(each, ignore_case=True).fullmatch(ACTION) for each in _list(statement.get("Action")))
        and holds(statement.get("Condition") or {}, context)
    )


def _names_principal(given: Any, principal: str) -> bool:
    services = given.get("Service") if isinstance(given, dict) else given
    return any(each in (principal, "*") for each in _list(services))


def _described(statement: Statement) -> str:
    conditions: Mapping[str, Mapping[str, Any]] = statement.get("Condition") or {}
    values = [str(value) for keys in conditions.values() for value in keys.values()]
    principal = statement.get("Principal")
    services = principal.get("Service", principal) if isinstance(principal, dict) else principal
    return " ".join([str(statement.get("Action")), "by", str(services), *(["from", *values] if values else [])])


def _list(value: Any) -> list[str]:
    return [] if value is None else [str(each) for each in (value if isinstance(value, list) else [value])]
