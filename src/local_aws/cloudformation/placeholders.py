"""Resources that have nothing to do on a laptop: they get a stand-in, and a notice that names them.

A stand-in has a name and attributes, so that what refers to it can be created.
"""

from collections import defaultdict
from collections.abc import Collection
from fnmatch import fnmatchcase

from local_aws.cloudformation.documents import Template

STAND_IN = "Local::StandIn"
"""Known to the embedded cloud; see moto_server/extensions.py."""

# moto creates these, and then runs functions in Docker containers, or nothing at all.
WITHOUT_EFFECT = (
    "AWS::AutoScaling::*",
    "AWS::Batch::*",
    "AWS::CloudFormation::CustomResource",
    "Custom::*",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::RestApi",
    "AWS::DataPipeline::*",
    "AWS::EC2::Instance",
    "AWS::EC2::SpotFleet",
    "AWS::ECS::*",
    "AWS::EMR::*",
    "AWS::ElasticLoadBalancing::*",
    "AWS::ElasticLoadBalancingV2::*",
    "AWS::Events::Archive",
    "AWS::Events::Rule",
    "AWS::RDS::*",
    "AWS::Redshift::*",
    "AWS::Route53::*",
    "AWS::SageMaker::*",
    "AWS::StepFunctions::*",
)
"""Patterns of resource types."""

_WAITING = {"AWS::CloudFormation::WaitCondition", "AWS::CloudFormation::WaitConditionHandle"}


def replace(template: Template, *, supported: Collection[str], stack: str) -> list[str]:
    """Put stand-ins into the template, in place; return a notice for each type of resource that got them.

    Args:
        template: The template, without SAM resources.
        supported: The resource types that the embedded cloud can create.
        stack: The logical ids of the nested stacks it is in, each with a slash after it.

    """
    replaced: defaultdict[str, list[str]] = defaultdict(list)
    for logical_id, resource in template["Resources"].items():
        kind = resource["Type"]
        if kind not in supported or any(fnmatchcase(kind, pattern) for pattern in WITHOUT_EFFECT):
            resource["Type"] = STAND_IN
            if kind not in _WAITING:
                replaced[kind].append(f"{stack}{logical_id}")
    return [f"Not run here, {kind}: {', '.join(names)}" for kind, names in replaced.items()]
