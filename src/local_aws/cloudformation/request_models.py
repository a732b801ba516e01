"""The models of a WebSocket API, against which its routes validate messages."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from local_aws.cloudformation.stack import Resource
from local_aws.errors import TemplateError

_MODEL = "AWS::ApiGatewayV2::Model"

Models = Mapping[str, tuple[str, Mapping[str, Any]]]
"""The logical id and the JSON schema of each model, by its name."""


def read(client: Any, api_id: str, resources: list[Resource]) -> Models:
    """Return the API's models among the resources.

    Raises:
        TemplateError: a schema is not JSON, or refers to something outside of it.

    """
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for resource in resources:
        if resource.kind == _MODEL and resource.physical_id:
            try:
                # One by one, since moto has no call that lists them.
                model = client.get_model(ApiId=api_id, ModelId=resource.physical_id)
            except client.exceptions.NotFoundException:
                # The model belongs to another API.
                continue
            found[model["Name"]] = resource.path, _schema(model["Schema"], resource.path)
    return found


def _schema(text: str, path: str) -> Mapping[str, Any]:
    try:
        schema = json.loads(text)
    except ValueError as exc:
        raise TemplateError(path, f"its schema is not JSON: {exc}") from exc
    if not isinstance(schema, dict):
        raise TemplateError(path, "its schema is not an object")
    for reference in _references(schema):
        if not reference.startswith("#"):
            raise TemplateError(
                path, f"its schema refers to {reference}, and only parts of it (#/...) can be found here"
            )
    return schema


def _references(schema: Any) -> Iterator[str]:
    match schema:
        case dict():
            if isinstance(schema.get("$ref"), str):
                yield schema["$ref"]
            for each in schema.values():
                yield from _references(each)
        case list():
            for each in schema:
                yield from _references(each)


def of_route(route: Mapping[str, Any], models: Models, path: str) -> dict[str, Mapping[str, Any]]:
    """Return the schemas of a route, by the value of its model selection expression.

    Raises:
        TemplateError: a model does not exist.

    """
    schemas = {}
    for key, name in (route.get("RequestModels") or {}).items():
        if name not in models:
            known = ", ".join(models) or "none"
            raise TemplateError(path, f"the route {route['RouteKey']} has no model {name} (the API has {known})")
        schemas[key] = models[name][1]
    return schemas
