"""Creates and reads stacks by the CloudFormation API of the embedded AWS."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local_aws.cloudformation.documents import Template
from local_aws.cloudformation.templates import TEMPLATE_BUCKET
from local_aws.embedded_aws import private_api
from local_aws.embedded_aws.clients import client
from local_aws.errors import TemplateError


def supported_types(endpoint: str) -> frozenset[str]:
    """Return the resource types that the embedded AWS can create. Waits until it is up.

    Raises:
        EmbeddedAwsFailed: it has ended.

    """
    return frozenset(json.loads(private_api.ask("GET", endpoint, private_api.RESOURCE_TYPES_PATH)))


def create(
    bodies: Mapping[str, Template], *, master: str, parameters: Mapping[str, str], name: str, endpoint: str, region: str
) -> None:
    """Create the stack.

    Args:
        bodies: The templates, by their keys in the template bucket.
        master: The key of the master template.
        parameters: The values of its parameters.
        name: The name of the stack.
        endpoint: The URL of the embedded AWS.
        region: The region of the stack.

    Raises:
        TemplateError: a resource cannot be created.

    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 - see clients.py

    _upload(bodies, endpoint=endpoint)
    formation = client("cloudformation", endpoint=endpoint, region=region)
    try:
        formation.create_stack(
            StackName=name,
            TemplateURL=f"https://s3.amazonaws.com/{TEMPLATE_BUCKET}/{master}",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        )
    except ClientError as exc:
        raise TemplateError.read(exc.response["Error"]["Message"]) from exc
    finally:
        formation.close()


def _upload(bodies: Mapping[str, Template], *, endpoint: str) -> None:
    store = client("s3", endpoint=endpoint, region="us-east-1")
    try:
        # In this region, creating a bucket that one owns already does nothing.
        store.create_bucket(Bucket=TEMPLATE_BUCKET)
        for key, body in bodies.items():
            store.put_object(Bucket=TEMPLATE_BUCKET, Key=key, Body=json.dumps(body).encode())
    finally:
        store.close()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack or of a nested stack."""

    kind: str
    path: str
    """Its logical id, with the nested stack's prefix: `Api/ConnectRoute`."""
    physical_id: str


def resources(formation: Any, stack: str, *, inside: str = "") -> Iterator[Resource]:
    """Yield the resources of the stack and of its nested stacks."""
    for each in formation.describe_stack_resources(StackName=stack)["StackResources"]:
        # moto also lists resources whose condition is false, as empty entries.
        if "LogicalResourceId" not in each:
            continue
        path = f"{inside}{each['LogicalResourceId']}"
        resource = Resource(kind=each["ResourceType"], path=path, physical_id=each.get("PhysicalResourceId", ""))
        yield resource
        if resource.kind == "AWS::CloudFormation::Stack":
            yield from resources(formation, resource.physical_id, inside=f"{path}/")


def physical_ids(resources: Sequence[Resource]) -> dict[str, str]:
    """Return the paths of the resources, by their physical ids. Shared physical ids are left out."""
    counts = Counter(each.physical_id for each in resources)
    return {each.physical_id: each.path for each in resources if each.physical_id and counts[each.physical_id] == 1}


def outputs(formation: Any, stack: str) -> dict[str, str]:
    """Return the outputs of the stack, by name."""
    described = formation.describe_stacks(StackName=stack)["Stacks"][0]
    return {each["OutputKey"]: str(each["OutputValue"]) for each in described.get("Outputs", [])}
