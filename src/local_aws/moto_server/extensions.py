"""Extends moto's CloudFormation for the resources of WebSocket templates.

New resource types are added by moto's own extension point, `CloudFormationModel`. Four functions are wrapped because
moto's behaviour (5.2) differs from the documented one: see their docstrings.
"""

import json
import logging
from collections.abc import Callable
from functools import cache
from typing import Any

from moto import backends
from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException, ValidationError
from moto.cloudformation.parsing import Output
from moto.core import responses
from moto.core.utils import method_names_from_class

from local_aws.embedded_aws.private_api import PLACEHOLDER_TYPE
from local_aws.moto_server import (
    api_keys,
    cloudformation,
    dynamodb,
    dynamodb_transactions,
    dynamodb_updates,
    iam,
    lambda_,
    secretsmanager,
    websocket_api,
)
from local_aws.moto_server.resource import Created, register

_log = logging.getLogger("moto")


def install() -> None:
    """Extend moto; to be called once, before its first stack."""
    register(PLACEHOLDER_TYPE, _placeholder)
    websocket_api.install()
    api_keys.install()
    lambda_.install()
    dynamodb.install()
    dynamodb_transactions.install()
    dynamodb_updates.install()
    iam.install()
    secretsmanager.install()
    cloudformation.install()
    parsing.clean_json = _without_no_value(parsing.clean_json)
    parsing.parse_and_create_resource = _naming_the_resource(parsing.parse_and_create_resource)
    # Nested stacks of moto have no attributes.
    models.Stack.get_cfn_attribute = _output  # type: ignore[attr-defined]
    models.Stack.parse_template = staticmethod(json.loads)  # type: ignore[assignment,method-assign]
    # moto recomputes both for every request, one of them from the file system: a third of its time.
    modules = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    responses.method_names_from_class = cache(method_names_from_class)  # type: ignore[attr-defined]


def _placeholder(name: str, _properties: dict[str, Any], account: str, region: str) -> Created:
    return Created(name, {"Arn": f"arn:aws:local:{region}:{account}:{name}"}, other=f"{name}.{{}}")


def _output(stack: models.Stack, attribute: str) -> str:
    output: Output | None = stack.output_map.get(attribute.removeprefix("Outputs."))
    if output is None:
        raise UnformattedGetAttTemplateException
    return output.value


def _without_no_value(clean_json: Callable[..., Any]) -> Callable[..., Any]:
    """Remove elements of lists that are `AWS::NoValue`: moto leaves a null."""

    def clean(value: Any, resources: Any) -> Any:
        cleaned = clean_json(value, resources)
        return [each for each in cleaned if each is not None] if isinstance(cleaned, list) else cleaned

    return clean


class _ResourceFailed(ValidationError):
    """A failed resource. The message is JSON with its logical id, with the nested stack's prefix."""

    def __init__(self, path: list[str], reason: str, resources: object) -> None:
        super().__init__(message=json.dumps({"resource": "/".join(path), "reason": reason}))
        self.path = path
        self.reason = reason
        self.resources = resources
        """The resource map of the stack that the path starts in."""


def _naming_the_resource(create: Callable[..., Any]) -> Callable[..., Any]:
    """Add the logical id to the error of a resource that cannot be created: moto's own messages lack it."""

    def create_naming(logical_id: str, definition: dict[str, Any], resources: object, **more: Any) -> Any:
        try:
            return create(logical_id, definition, resources, **more)
        except _ResourceFailed as exc:
            # Resources that this one refers to are created meanwhile. Only those of a nested stack are inside it.
            if exc.resources is resources:
                raise
            raise _ResourceFailed([logical_id, *exc.path], exc.reason, resources) from exc
        except Exception as exc:
            reason = getattr(exc, "message", None) or _unexpected(exc)
            raise _ResourceFailed([logical_id], str(reason), resources) from exc

    return create_naming


def _unexpected(exc: Exception) -> str:
    if isinstance(exc, KeyError):
        return f"{exc} is missing"
    _log.error("%s", exc, exc_info=exc)
    return f"{type(exc).__name__}: {exc}"
