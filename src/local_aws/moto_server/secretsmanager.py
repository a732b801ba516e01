"""`AWS::SecretsManager::Secret`, which moto's CloudFormation lacks, although moto has Secrets Manager.

Source: CloudFormation's template reference, "AWS::SecretsManager::Secret" and "GenerateSecretString".
"""

import json
from typing import Any

from moto.secretsmanager.models import secretsmanager_backends
from moto.secretsmanager.utils import random_password

from local_aws.moto_server.resource import Created, register


def install() -> None:
    """Register the resource type."""
    register("AWS::SecretsManager::Secret", _secret)


def _secret(name: str, properties: dict[str, Any], account: str, region: str) -> Created:
    text = properties.get("SecretString")
    if "GenerateSecretString" in properties:
        text = _generated(properties["GenerateSecretString"])
    backend = secretsmanager_backends[account][region]
    answer = backend.create_secret(
        name=properties.get("Name", name),
        secret_string=text,
        secret_binary=None,
        description=properties.get("Description"),
        tags=properties.get("Tags"),
        kms_key_id=properties.get("KmsKeyId"),
        client_request_token=None,
        replica_regions=[],
        force_overwrite=False,
    )
    arn = json.loads(answer)["ARN"]
    return Created(arn, {"Id": arn}, remove=lambda: backend.delete_secret(arn, None, False))


def _generated(asked: dict[str, Any]) -> str:
    password: str = random_password(
        int(asked.get("PasswordLength", 32)),
        asked.get("ExcludeCharacters", ""),
        _is(asked, "ExcludeNumbers"),
        _is(asked, "ExcludePunctuation"),
        _is(asked, "ExcludeUppercase"),
        _is(asked, "ExcludeLowercase"),
        _is(asked, "IncludeSpace"),
        _is(asked, "RequireEachIncludedType", default=True),
    )
    if "GenerateStringKey" not in asked:
        return password
    return json.dumps({**json.loads(asked.get("SecretStringTemplate", "{}")), asked["GenerateStringKey"]: password})


def _is(asked: dict[str, Any], name: str, *, default: bool = False) -> bool:
    return str(asked.get(name, default)).lower() == "true"
