"""The API keys of a stack, and the stages that accept them by usage plans."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from local_aws.cloudformation.stack import Resource
from local_aws.config import ApiConfig

API_KEY, USAGE_PLAN = "AWS::ApiGateway::ApiKey", "AWS::ApiGateway::UsagePlan"


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """An API key in a usage plan."""

    path: str
    """Its logical id, with the nested stack's prefix."""
    id: str
    value: str
    enabled: bool
    stages: frozenset[tuple[str, str]]
    """The API id and the name of each stage of its plan."""


def read(client: Any, resources: list[Resource]) -> list[ApiKey]:
    """Return the keys of the usage plans among the resources. A key in two plans is returned twice."""
    paths = {each.physical_id: each.path for each in resources if each.kind == API_KEY}
    plans = [each.physical_id for each in resources if each.kind == USAGE_PLAN and each.physical_id]
    return [key for plan in plans for key in _keys_of(client, plan, paths)]


def _keys_of(client: Any, plan: str, paths: dict[str, str]) -> Iterator[ApiKey]:
    stages = client.get_usage_plan(usagePlanId=plan).get("apiStages", [])
    for page in client.get_paginator("get_usage_plan_keys").paginate(usagePlanId=plan):
        for item in page["items"]:
            key = client.get_api_key(apiKey=item["id"], includeValue=True)
            yield ApiKey(
                path=paths.get(item["id"], item["id"]),
                id=item["id"],
                value=key["value"],
                enabled=bool(key.get("enabled")),
                stages=frozenset((each["apiId"], each["stage"]) for each in stages),
            )


def with_keys(apis: list[ApiConfig], keys: list[ApiKey]) -> Iterator[ApiConfig]:
    """Yield each API with the values of the keys that its stage accepts: none that is disabled."""
    for api in apis:
        opening = (each.value for each in keys if each.enabled and (api.id, api.stage) in each.stages)
        yield replace(api, api_keys=frozenset(opening))


def notices(client: Any, resources: list[Resource], keys: list[ApiKey]) -> Iterator[str]:
    """Yield notices: how to get the value of each key, and which keys are accepted nowhere."""
    where = f"--endpoint-url {client.meta.endpoint_url} --region {client.meta.region_name}"
    for key in {each.id: each for each in keys}.values():
        if key.enabled:
            yield (
                f"API key {key.path}: aws apigateway get-api-key --api-key {key.id} --include-value "
                f"--query value --output text {where}"
            )
    in_plans = {each.id for each in keys if each.enabled}
    for resource in resources:
        if resource.kind == API_KEY and resource.physical_id and resource.physical_id not in in_plans:
            yield f"Accepted nowhere: an API key that is disabled or in no usage plan: {resource.path}"
