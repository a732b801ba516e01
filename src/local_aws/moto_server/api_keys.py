"""`AWS::ApiGateway::ApiKey` and the usage plans that assign keys to stages, for moto's CloudFormation.

Source: CloudFormation's template reference, API Gateway. moto 5.2 has the service, whose keys and plans are those of
WebSocket APIs as well, but creates none of the three from a template.
"""

from collections.abc import Callable
from typing import Any

from moto.apigateway.models import APIGatewayBackend, apigateway_backends

from local_aws.moto_server.resource import Created, register

_Properties = dict[str, Any]
_Create = Callable[[APIGatewayBackend, str, _Properties], Created]


def install() -> None:
    """Register the resource types."""
    register("AWS::ApiGateway::ApiKey", _in_backend(_api_key))
    register("AWS::ApiGateway::UsagePlan", _in_backend(_usage_plan))
    register("AWS::ApiGateway::UsagePlanKey", _in_backend(_usage_plan_key))


def _in_backend(create: _Create) -> Callable[..., Created]:
    def create_in_backend(name: str, properties: _Properties, account: str, region: str) -> Created:
        return create(apigateway_backends[account][region], name, properties)

    return create_in_backend


def _api_key(backend: APIGatewayBackend, name: str, properties: _Properties) -> Created:
    """Create the key. Without a value it gets a random one, and without `Enabled` it is disabled, as on AWS."""
    payload = {
        "name": properties.get("Name", name),
        "description": properties.get("Description"),
        "enabled": str(properties.get("Enabled", False)).lower() == "true",
        "value": properties.get("Value"),
        "tags": _tags(properties),
    }
    key = backend.create_api_key(payload)
    return Created(key.id, {"APIKeyId": key.id})


def _usage_plan(backend: APIGatewayBackend, name: str, properties: _Properties) -> Created:
    stages = [{"apiId": each.get("ApiId"), "stage": each.get("Stage")} for each in properties.get("ApiStages", [])]
    plan = backend.create_usage_plan(
        {
            "name": properties.get("UsagePlanName", name),
            "description": properties.get("Description"),
            "apiStages": stages,
            "throttle": _camel_case(properties.get("Throttle", {})),
            "quota": _camel_case(properties.get("Quota", {})),
            "tags": _tags(properties),
        }
    )
    return Created(plan.id, {"Id": plan.id})


def _usage_plan_key(backend: APIGatewayBackend, _name: str, properties: _Properties) -> Created:
    plan, key = properties["UsagePlanId"], properties["KeyId"]
    # moto accepts any plan.
    backend.get_usage_plan(plan)
    backend.create_usage_plan_key(plan, {"keyId": key, "keyType": properties["KeyType"]})
    identity = f"{key}:{plan}"
    return Created(identity, {"Id": identity})


def _camel_case(properties: _Properties) -> _Properties:
    return {f"{name[0].lower()}{name[1:]}": value for name, value in properties.items()}


def _tags(properties: _Properties) -> Any:
    return {each["Key"]: each["Value"] for each in properties.get("Tags", [])}
