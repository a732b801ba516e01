"""Deploys a template to the embedded AWS, and reads back its configuration."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_aws.cloudformation import placeholders
from local_aws.config import Deployment, Table
from local_aws.embedded_aws import access
from local_aws.embedded_aws.clients import client
from local_aws.errors import TemplateError

if TYPE_CHECKING:
    from local_aws.cloudformation import code, stack


async def deploy(
    *, template: Path, parameters: Mapping[str, str], endpoint: str, region: str, stack_name: str
) -> Deployment:
    """Create the stack of a template in the embedded AWS and return its configuration.

    Args:
        template: The master template. Its paths are relative to its folder.
        parameters: Values of its parameters, instead of their defaults.
        endpoint: The URL of the embedded AWS.
        region: The region to deploy to.
        stack_name: The name of the stack. No stack may have it already.

    Raises:
        TemplateError: the template cannot be deployed, or has no WebSocket API.
        EmbeddedAwsFailed: the embedded AWS has ended.

    """
    return await asyncio.to_thread(_deploy, template, parameters, endpoint, region, stack_name)


async def deployed(*, stack_name: str, endpoint: str, region: str) -> Deployment:
    """Return the configuration of a stack that another tool has created in the embedded AWS, such as `make deploy`.

    The archives of its functions are fetched from S3.

    Args:
        stack_name: The name of the stack.
        endpoint: The URL of the embedded AWS.
        region: The region of the stack.

    Raises:
        TemplateError: the stack has no WebSocket API.
        EmbeddedAwsFailed: the embedded AWS has ended.

    """
    return await asyncio.to_thread(_deployed, endpoint, region, stack_name)


def _deploy(path: Path, parameters: Mapping[str, str], endpoint: str, region: str, stack_name: str) -> Deployment:
    # These import boto3 and YAML: see the docstring of the package.
    from local_aws.cloudformation import stack, supported_properties, templates  # noqa: PLC0415

    others = ThreadPoolExecutor(max_workers=1)
    # The embedded AWS is starting. The template is prepared meanwhile.
    supported = others.submit(stack.supported_types, endpoint)
    others.shutdown(wait=False)
    prepared = templates.prepare(path, given=parameters, region=region)
    bodies = {f"{key}/".removeprefix(f"{templates.MASTER}/"): body for key, body in prepared.bodies.items()}
    notices = list(prepared.notices)
    for inside, body in bodies.items():
        notices += placeholders.replace(body, supported=supported.result(), stack=inside)
    stack.create(
        prepared.bodies,
        master=templates.MASTER,
        parameters=prepared.parameters,
        name=stack_name,
        endpoint=endpoint,
        region=region,
    )
    with closing(client("cloudformation", endpoint=endpoint, region=region)) as formation:
        resources = list(stack.resources(formation, stack_name))
        deployment = _described(
            formation, stack_name, resources, prepared.folders, notices, endpoint=endpoint, region=region
        )
    created = {each.path for each in resources if each.physical_id}
    more = [
        notice
        for inside, body in bodies.items()
        for notice in supported_properties.notices(body, stack=inside, created=created)
    ]
    return replace(
        deployment,
        notices=(*deployment.notices, *more),
        read_once=frozenset(prepared.files | prepared.folders.copied),
    )


def _deployed(endpoint: str, region: str, stack_name: str) -> Deployment:
    from local_aws.cloudformation import code, stack  # noqa: PLC0415

    folders = code.CodeFolders()
    with (
        closing(client("cloudformation", endpoint=endpoint, region=region)) as formation,
        closing(client("lambda", endpoint=endpoint, region=region)) as functions_api,
        closing(client("s3", endpoint=endpoint, region=region)) as store,
    ):
        resources = list(stack.resources(formation, stack_name))
        locations = {
            functions_api.get_function(FunctionName=each.physical_id)["Code"]["Location"]
            for each in resources
            if each.kind == "AWS::Lambda::Function" and each.physical_id
        }
        # Several functions may have the same archive.
        for location in sorted(locations):
            bucket, _, key = location.removeprefix("s3://").partition("/")
            folders.add_archive(location, store.get_object(Bucket=bucket, Key=key)["Body"].read())
        return _described(formation, stack_name, resources, folders, [], endpoint=endpoint, region=region)


def _described(
    formation: Any,
    stack_name: str,
    resources: list["stack.Resource"],
    folders: "code.CodeFolders",
    notices: list[str],
    *,
    endpoint: str,
    region: str,
) -> Deployment:
    from local_aws.cloudformation import api_keys, read_queues, read_schedules, read_stack, stack  # noqa: PLC0415

    with (
        closing(client("lambda", endpoint=endpoint, region=region)) as functions_api,
        closing(client("apigatewayv2", endpoint=endpoint, region=region)) as gateway_api,
        closing(client("sqs", endpoint=endpoint, region=region)) as queues_api,
        closing(client("apigateway", endpoint=endpoint, region=region)) as keys_api,
        closing(client("events", endpoint=endpoint, region=region)) as events_api,
    ):
        functions = read_stack.functions(functions_api, resources, folders)
        keys = api_keys.read(keys_api, resources)
        notices += api_keys.notices(keys_api, resources, keys)
        apis = tuple(api_keys.with_keys(read_stack.apis(gateway_api, resources, functions, notices), keys))
        queues = read_queues.queues(functions_api, queues_api, functions, notices)
        schedules = read_schedules.schedules(events_api, resources, functions, notices)
        outputs = stack.outputs(formation, stack_name)
    if not apis:
        raise TemplateError(
            None, "the template has no WebSocket API: no AWS::ApiGatewayV2::Api of that type with a stage"
        )
    notices += [f"Not emulated: {name}: {reason}" for name, reason in functions.others.values()]
    notices += functions.layers.notices
    return Deployment(
        roles=access.roles(
            endpoint, {each.physical_id: each.path for each in resources if each.kind == "AWS::IAM::Role"}
        ),
        apis=apis,
        functions=tuple(functions.runnable),
        outputs=outputs,
        queues=tuple(queues),
        schedules=tuple(schedules),
        tables=tuple(
            Table(name=each.physical_id, region=region) for each in resources if each.kind in read_stack.TABLES
        ),
        physical_ids=stack.physical_ids(resources),
        read_once=frozenset(folders.copied),
        notices=tuple(notices),
    )
