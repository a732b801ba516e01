"""Resources that have no effect on a laptop: a placeholder is created instead, and a notice names them.

A placeholder has a name and attributes, so that resources that refer to it can be created.
"""

from collections import defaultdict
from collections.abc import Collection
from fnmatch import fnmatchcase

from local_aws.cloudformation.documents import Template
from local_aws.embedded_aws.private_api import PLACEHOLDER_TYPE

# moto creates these. They then run functions in Docker containers, or do nothing at all.
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
    "AWS::RDS::*",
    "AWS::Redshift::*",
    "AWS::Route53::*",
    "AWS::SageMaker::*",
    "AWS::StepFunctions::*",
)
"""Patterns of resource types."""

_WAITING = {"AWS::CloudFormation::WaitCondition", "AWS::CloudFormation::WaitConditionHandle"}


def replace(template: Template, *, supported: Collection[str], stack: str) -> list[str]:
    """Put placeholders into the template, in place; return a notice for each type of resource that got them.

    Args:
        template: The template, without SAM resources.
        supported: The resource types that the embedded AWS can create.
        stack: The nested stack's prefix of its logical ids, such as `Api/`.

    """
    replaced: defaultdict[str, list[str]] = defaultdict(list)
    for logical_id, resource in template["Resources"].items():
        kind = resource["Type"]
        if kind not in supported or any(fnmatchcase(kind, pattern) for pattern in WITHOUT_EFFECT):
            resource["Type"] = PLACEHOLDER_TYPE
            if kind not in _WAITING:
                replaced[kind].append(f"{stack}{logical_id}")
    return [f"Not emulated: {kind}: {', '.join(names)}" for kind, names in replaced.items()]
