"""Parts of `AWS::Lambda::*` and `AWS::DynamoDB::*` that moto's CloudFormation lacks.

moto creates no aliases and no global tables. It runs the functions of event source mappings itself, in containers.
Its versions have neither Ref nor GetAtt. It assigns the permission of an alias to the version behind it. It ignores
`LoggingConfig` and `Layers` of functions and `TimeToLiveSpecification` of tables. It refuses a function whose role is
not in its account.
"""

import json
from typing import Any

from moto.awslambda.models import LambdaFunction, LayerVersion
from moto.awslambda.utils import get_backend
from moto.cloudformation.exceptions import ValidationError
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.iam.models import iam_backends
from moto.sqs.models import sqs_backends
from moto.utilities.utils import get_partition

from local_aws.moto_server.resource import Created, register

_ROLE = "role-not-in-the-template"


def install() -> None:
    """Register the resource types."""
    register("AWS::Lambda::Function", _function, _updated_function)
    register("AWS::Lambda::LayerVersion", _layer_version)
    register("AWS::Lambda::Version", _version)
    register("AWS::Lambda::Alias", _alias)
    register("AWS::Lambda::EventSourceMapping", _event_source_mapping)
    register("AWS::Lambda::Permission", _permission)
    register("AWS::DynamoDB::Table", _table, _same_table)
    register("AWS::DynamoDB::GlobalTable", _table, _same_table)


class _Function(LambdaFunction):
    """A function whose description has its logging configuration, as on Lambda, and the location of its code."""

    logging_config: dict[str, Any] | None = None

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        configuration = super().get_configuration(on_create)
        return configuration if self.logging_config is None else configuration | {"LoggingConfig": self.logging_config}

    def get_code(self) -> dict[str, Any]:
        answer = super().get_code()
        if "S3Key" in self.code and "S3Bucket" in self.code:
            answer["Code"]["Location"] = f"s3://{self.code['S3Bucket']}/{self.code['S3Key']}"
        return answer


def _function(name: str, properties: dict[str, Any], account: str, region: str) -> LambdaFunction:
    role = properties["Role"]
    definition = {"Properties": properties | {"Role": _known_role(role, account, region)}}
    # There is no network here, and moto fails without security groups.
    definition["Properties"].pop("VpcConfig", None)
    function = LambdaFunction.create_from_cloudformation_json(
        properties.get("FunctionName", name), definition, account, region
    )
    function.role = role
    # A public layer belongs to another account.
    function.layers = [{"Arn": arn, "CodeSize": 0} for arn in properties.get("Layers", [])]
    vars(function)["logging_config"] = properties.get("LoggingConfig")
    function.__class__ = _Function  # type: ignore[type-abstract]
    return function


def _updated_function(
    function: LambdaFunction, properties: dict[str, Any], account: str, region: str
) -> LambdaFunction:
    """Replace the function. Other resources refer to it by its name."""
    return _function(function.function_name, properties | {"FunctionName": function.function_name}, account, region)


def _known_role(arn: str, account: str, region: str) -> str:
    """Return the ARN, or that of a substitute if moto does not know the role: it may belong to another account."""
    iam = iam_backends[account][get_partition(region)]
    known = {role.arn: role for role in iam.get_roles()}
    if arn in known:
        return arn
    for role in known.values():
        if role.name == _ROLE:
            return role.arn
    return iam.create_role(_ROLE, "{}", "/", None, "Stands for roles that are not here", [], None).arn


class _LayerVersion(LayerVersion):
    """A layer version whose description has the location of its content, as on Lambda."""

    def get_layer_version(self) -> dict[str, Any]:
        answer = super().get_layer_version()
        location = f"s3://{self.content['S3Bucket']}/{self.content['S3Key']}"
        return answer | {"Content": answer["Content"] | {"Location": location}}


def _layer_version(name: str, properties: dict[str, Any], account: str, region: str) -> Created:
    layer = LayerVersion.create_from_cloudformation_json(
        properties.get("LayerName", name), {"Properties": properties}, account, region
    )
    layer.__class__ = _LayerVersion  # type: ignore[type-abstract]
    return Created(layer.arn, {"LayerVersionArn": layer.arn})


def _version(_name: str, properties: dict[str, Any], account: str, region: str) -> Created:
    function = get_backend(account, region).publish_version(properties["FunctionName"])
    if function is None:
        raise ValidationError(message=f"there is no function {properties['FunctionName']}")
    return Created(function.function_arn, {"Version": str(function.version), "FunctionArn": function.function_arn})


def _alias(_name: str, properties: dict[str, Any], account: str, region: str) -> Created:
    backend = get_backend(account, region)
    function = backend.get_function(properties["FunctionName"])
    alias = backend.create_alias(
        properties["Name"],
        function.function_name,
        str(properties["FunctionVersion"]),
        properties.get("Description", ""),
        "",
    )
    return Created(alias.arn, {"AliasArn": alias.arn})


def _event_source_mapping(_name: str, properties: dict[str, Any], account: str, region: str) -> Created:
    mapping = get_backend(account, region).create_event_source_mapping(dict(properties))
    # moto would invoke the function in a container. The emulator invokes it instead.
    for queue in sqs_backends[account][region].queues.values():
        queue.lambda_event_source_mappings.pop(mapping.function_arn, None)
    return Created(mapping.uuid, {"Id": mapping.uuid, "EventSourceMappingArn": mapping.arn})


def _permission(name: str, properties: dict[str, Any], account: str, region: str) -> Created:
    """Add a statement to the policy of the function. Its `Resource` names the alias or version."""
    function_name, _, qualifier = properties["FunctionName"].rpartition(":function:")[2].partition(":")
    function = get_backend(account, region).get_function(function_name)
    resource = f"{function.function_arn}:{qualifier}" if qualifier else function.function_arn
    function.policy.add_statement(json.dumps(properties | {"StatementId": name, "Resource": resource}))
    return Created(name, {"Id": name})


def _table(name: str, properties: dict[str, Any], account: str, region: str) -> Table:
    """Create the table; of a global table, the replica in this region alone."""
    table = Table.create_from_cloudformation_json(
        properties.get("TableName", name), {"Properties": properties}, account, region
    )
    expiry = properties.get("TimeToLiveSpecification")
    if expiry is not None:
        dynamodb_backends[account][region].update_time_to_live(table.name, expiry)
    return table


def _same_table(table: Table, _properties: dict[str, Any], _account: str, _region: str) -> Table:
    """Leave the table and its items unchanged."""
    return table
