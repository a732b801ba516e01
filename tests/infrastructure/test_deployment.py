"""The snapshot of the API that the stage serves."""

import hashlib
import json
from typing import Any

import pytest

IN_THE_SNAPSHOT = {
    f"AWS::ApiGatewayV2::{kind}" for kind in ("Api", "Authorizer", "Integration", "Route", "RouteResponse")
}


@pytest.fixture
def deployment_id(api: dict[str, Any]) -> str:
    """Return the logical id of the deployment without an authorizer."""
    (found,) = [name for name in deployments(api) if name.startswith("Deployment")]
    return found


def deployments(api: dict[str, Any]) -> list[str]:
    """Return the logical ids of the template's deployments."""
    return [name for name, r in api["Resources"].items() if r["Type"] == "AWS::ApiGatewayV2::Deployment"]


def due_id(api: dict[str, Any]) -> str:
    """Return `Deployment` and ten hexadecimal digits: a digest of what API resources say, not of how."""
    held = {name: r for name, r in api["Resources"].items() if r["Type"] in IN_THE_SNAPSHOT}
    canonical = json.dumps(held, sort_keys=True, separators=(",", ":"))
    return "Deployment" + hashlib.sha256(canonical.encode()).hexdigest()[:10]


def test_a_change_of_the_api_is_deployed(api: dict[str, Any], deployment_id: str) -> None:
    """With the same logical id, CloudFormation would keep the old snapshot and report success."""
    assert deployment_id == due_id(api), (
        f"The API has changed: in infrastructure/api.yaml, rename {deployment_id} to {due_id(api)} "
        "(each of its four places: both deployments, and Stage)."
    )
    assert deployments(api) == [deployment_id, f"Authorized{deployment_id}"]


def test_the_id_changes_with_a_route(api: dict[str, Any], deployment_id: str) -> None:
    """The digest covers the properties of a route."""
    route = api["Resources"]["SendMessageRoute"]
    changed = {**route, "Properties": {**route["Properties"], "RouteKey": "publish"}}

    assert due_id({"Resources": {**api["Resources"], "SendMessageRoute": changed}}) != deployment_id


def test_the_snapshot_is_taken_once_every_route_stands(api: dict[str, Any], deployment_id: str) -> None:
    """A deployment has no reference to routes; without `DependsOn` CloudFormation would create them in any order."""
    routes = [name for name, r in api["Resources"].items() if r["Type"] == "AWS::ApiGatewayV2::Route"]

    for each in deployments(api):
        assert sorted(api["Resources"][each]["DependsOn"]) == sorted(routes)


def test_the_stage_serves_the_snapshot(api: dict[str, Any], deployment_id: str) -> None:
    """A stage without a deployment answers 403 to everyone."""
    (stage,) = [r for r in api["Resources"].values() if r["Type"] == "AWS::ApiGatewayV2::Stage"]

    assert (stage["Properties"]["ApiId"], stage["Properties"]["StageName"]) == ({"Ref": "Api"}, {"Ref": "StageName"})
    assert stage["Properties"]["DeploymentId"] == {
        "Fn::If": ["Authorizes", {"Ref": f"Authorized{deployment_id}"}, {"Ref": deployment_id}]
    }


def test_an_authorizer_that_comes_or_goes_is_deployed(api: dict[str, Any], deployment_id: str) -> None:
    """The digest is that of the template, which is the same with and without an authorizer."""
    conditions = {name: api["Resources"][name]["Condition"] for name in deployments(api)}

    assert conditions == {deployment_id: "IsOpen", f"Authorized{deployment_id}": "Authorizes"}
    assert api["Conditions"]["IsOpen"] == {"Fn::Equals": [{"Ref": "AuthorizerArn"}, ""]}
    assert api["Conditions"]["Authorizes"] == {"Fn::Not": [api["Conditions"]["IsOpen"]]}
