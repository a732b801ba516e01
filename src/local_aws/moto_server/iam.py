"""Parts of `AWS::IAM::*` that moto's CloudFormation lacks: attached policies, and `AWS::IAM::RolePolicy`.

moto has AWS's managed policies as one text of five megabytes, which takes a tenth of a second to parse. A single
policy is parsed out of it when a role refers to it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy, Policy, Role, iam_backends
from moto.utilities.utils import get_partition

from local_aws.moto_server.resource import Created, register


def install() -> None:
    """Register the resource types."""
    register("AWS::IAM::Role", _role, delete=_delete_role)
    register("AWS::IAM::RolePolicy", _role_policy)


def roles() -> list[dict[str, Any]]:
    """Return every role with its policies, as JSON values: the fields of `RoleConfig` except the logical id."""
    return [
        _described(role, backend)
        for partitions in iam_backends.values()
        for backend in partitions.values()
        for role in backend.roles.values()
    ]


def _role(name: str, properties: dict[str, Any], account: str, region: str) -> Role:
    role = Role.create_from_cloudformation_json(
        properties.get("RoleName", name), {"Properties": properties}, account, region
    )
    backend = iam_backends[account][get_partition(region)]
    attached = vars(role).setdefault("named_policies", [])
    for arn in properties.get("ManagedPolicyArns") or ():
        attached.append(arn)
        policy = _managed(backend, arn)
        if policy is not None:
            policy.attach_to(role)
    return role


def _delete_role(name: str, properties: dict[str, Any], account: str, region: str) -> None:
    Role.delete_from_cloudformation_json(name, {"Properties": properties}, account, region)


def _role_policy(name: str, properties: dict[str, Any], account: str, region: str) -> Created:
    role = iam_backends[account][get_partition(region)].get_role(properties["RoleName"])
    role.put_policy(properties["PolicyName"], properties["PolicyDocument"])
    return Created(name)


def _described(role: Role, backend: IAMBackend) -> dict[str, Any]:
    named: list[str] = vars(role).get("named_policies", [])
    bounding = _managed(backend, role.permissions_boundary_arn) if role.permissions_boundary_arn else None
    attached = [_document(policy) for policy in role.managed_policies.values()]
    elsewhere = [arn for arn in named if _managed(backend, arn) is None]
    if role.permissions_boundary_arn and bounding is None:
        elsewhere.append(role.permissions_boundary_arn)
    return {
        "arn": role.arn,
        "unique_id": role.id,
        "policies": [_parsed(each) for each in role.policies.values()] + attached,
        "boundary": None if bounding is None else _document(bounding),
        "elsewhere": elsewhere,
    }


def _managed(backend: IAMBackend, arn: str) -> ManagedPolicy | None:
    if arn not in backend.managed_policies and ":iam::aws:policy/" in arn:
        data = _data(arn.rpartition("/")[2])
        if data is not None:
            policy = AWSManagedPolicy.from_data(arn.rpartition("/")[2], backend.account_id, backend.region_name, data)
            backend.managed_policies[arn] = policy
    return backend.managed_policies.get(arn)


def _data(name: str) -> dict[str, Any] | None:
    """Return the entry of a policy in that text, which is one JSON object by policy name."""
    key = re.search(rf'"{re.escape(name)}"\s*:\s*(?=\{{)', aws_managed_policies_data)
    if key is None:
        return None
    data: dict[str, Any] = json.JSONDecoder().raw_decode(aws_managed_policies_data, key.end())[0]
    return data


def _document(policy: Policy) -> Mapping[str, Any]:
    return _parsed(next(each.document for each in policy.versions if each.is_default))


def _parsed(document: Any) -> Mapping[str, Any]:
    """Return the document of a policy, which moto keeps in the form of the request."""
    parsed: Mapping[str, Any] = json.loads(document) if isinstance(document, str) else document
    return parsed
