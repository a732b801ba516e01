"""Reads the roles of a stack from the embedded AWS, and has it hold the functions to them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from local_aws.config import RoleConfig
from local_aws.embedded_aws import private_api
from local_aws.iam import Principal


def roles(endpoint: str, logical_ids: Mapping[str, str]) -> tuple[RoleConfig, ...]:
    """Return the roles of the stack; `logical_ids` has their logical ids by role name.

    Raises:
        EmbeddedAwsFailed: the embedded AWS has ended.

    """
    found: list[dict[str, Any]] = json.loads(private_api.ask("GET", endpoint, private_api.ROLES_PATH))
    named = [(logical_ids.get(each["arn"].rpartition("/")[2]), each) for each in found]
    return tuple(
        RoleConfig(
            arn=each["arn"],
            logical_id=logical_id,
            unique_id=each["unique_id"],
            policies=tuple(each["policies"]),
            boundary=each["boundary"],
            elsewhere=tuple(each["elsewhere"]),
        )
        for logical_id, each in named
        if logical_id is not None
    )


def enforce(
    endpoint: str,
    *,
    principals: Mapping[str, Principal],
    roles: Sequence[RoleConfig],
    physical_ids: Mapping[str, str],
    dynamodb_endpoint: str | None = None,
) -> None:
    """From now on refuse requests that the stack's functions sign and that their roles do not allow at that time.

    Args:
        endpoint: The URL of the embedded AWS.
        principals: The functions, by access key id.
        roles: The roles of the stack. Their policies are read in the embedded AWS itself.
        physical_ids: The logical ids of the stack's resources by their physical ids.
        dynamodb_endpoint: Answers the functions' requests to DynamoDB instead of the embedded AWS.

    Raises:
        EmbeddedAwsFailed: the embedded AWS has ended.

    """
    document = {
        "principals": {key: asdict(each) for key, each in principals.items()},
        "roles": {each.arn: each.logical_id for each in roles},
        "ids": dict(physical_ids),
        "dynamodb_endpoint": dynamodb_endpoint,
    }
    private_api.ask("POST", endpoint, private_api.ENFORCE_PATH, json.dumps(document).encode())
