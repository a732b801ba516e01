"""API keys of a template: which stages they open, and how a person finds their values."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from local_aws.embedded_aws.clients import client
from local_aws.errors import TemplateError
from tests.local_aws.conftest import Deploy

KEY_OF_ELSEWHERE = """
Resources:
  Plan: {Type: AWS::ApiGateway::UsagePlan}
  InPlan:
    Type: AWS::ApiGateway::UsagePlanKey
    Properties: {KeyId: elsewhere, KeyType: API_KEY, UsagePlanId: !Ref Plan}
"""
SHORT_KEY = """
Resources:
  Key:
    Type: AWS::ApiGateway::ApiKey
    Properties: {Value: short}
"""


async def test_keys_open_the_stages_of_their_usage_plan_alone(deployed: Deploy, endpoint: str) -> None:
    """A key that is disabled or in no plan opens none, and the other stage of the API has none."""
    deployment = await deployed("api_keys.yaml")
    stages = {api.stage: api for api in deployment.apis}
    with closing(client("apigateway", endpoint=endpoint, region="eu-west-1")) as gateway:
        generated = gateway.get_api_key(apiKey=deployment.outputs["GeneratedKeyId"], includeValue=True)["value"]
    assert stages["prod"].api_keys == {"given-key-of-twenty-characters", generated}
    assert stages["other"].api_keys == frozenset()
    assert stages["prod"].routes["$connect"].api_key_required
    assert stages["prod"].api_key_selection_expression == "$request.header.x-api-key"


async def test_the_start_tells_how_to_find_the_value_of_a_key(deployed: Deploy, endpoint: str) -> None:
    """And which keys and limits have no effect."""
    deployment = await deployed("api_keys.yaml", Prefix="told")
    key = deployment.outputs["GeneratedKeyId"]
    command = f"aws apigateway get-api-key --api-key {key} --include-value --query value --output text"
    assert f"API key GeneratedKey: {command} --endpoint-url {endpoint} --region eu-west-1" in deployment.notices
    assert "Accepted nowhere: an API key that is disabled or in no usage plan: DisabledKey" in deployment.notices
    assert "Accepted nowhere: an API key that is disabled or in no usage plan: LooseKey" in deployment.notices
    assert "No effect here, Throttle of AWS::ApiGateway::UsagePlan: Plan" in deployment.notices


@pytest.mark.parametrize(("template", "blamed"), [(KEY_OF_ELSEWHERE, "InPlan"), (SHORT_KEY, "Key")])
async def test_a_key_that_cannot_be_is_refused_by_name(
    deployed: Deploy, written: Callable[[str], Path], template: str, blamed: str
) -> None:
    """CloudFormation would refuse it as well."""
    with pytest.raises(TemplateError, match=f"^{blamed}: "):
        await deployed(written(template))
