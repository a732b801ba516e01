"""The types `AWS::ApiGatewayV2::*` of WebSocket APIs, for moto's CloudFormation.

Source: CloudFormation's template reference, API Gateway V2, "Return values" of each type. moto 5.2 has the service and
its API, which shows the resources that are created here.
"""

import json
import secrets
import string
from collections.abc import Callable
from typing import Any

from moto.apigatewayv2.models import ApiGatewayV2Backend, apigatewayv2_backends
from moto.cloudformation.exceptions import ValidationError

from local_aws.moto_server.resource import Created, register

_Properties = dict[str, Any]
# moto's API returns the given values. Clients take null for absent, although moto's signatures forbid it.
_Optional = Callable[[str], Any]
_ID_CHARACTERS = string.ascii_lowercase + string.digits


def install() -> None:
    """Register the resource types."""
    for kind, create in {
        "Api": _api,
        "Authorizer": _authorizer,
        "Deployment": _deployment,
        "Integration": _integration,
        "IntegrationResponse": _integration_response,
        "Model": _model,
        "Route": _route,
        "RouteResponse": _route_response,
        "Stage": _stage,
    }.items():
        register(f"AWS::ApiGatewayV2::{kind}", _in_backend(create))


def _in_backend(create: Callable[[ApiGatewayV2Backend, _Properties], Created]) -> Callable[..., Created]:
    def create_in_backend(_name: str, properties: _Properties, account: str, region: str) -> Created:
        return create(apigatewayv2_backends[account][region], properties)

    return create_in_backend


def _new_id() -> str:
    return "".join(secrets.choice(_ID_CHARACTERS) for _ in range(10))


def _api(backend: ApiGatewayV2Backend, properties: _Properties) -> Created:
    optional: _Optional = properties.get
    for name in ("Name", "RouteSelectionExpression"):
        # moto would use the expression of HTTP APIs.
        if properties.get("ProtocolType") == "WEBSOCKET" and not properties.get(name):
            raise ValidationError(message=f"a WebSocket API needs {name}")
    api = backend.create_api(
        api_key_selection_expression=optional("ApiKeySelectionExpression"),
        cors_configuration=optional("CorsConfiguration"),
        description=optional("Description"),
        disable_schema_validation=optional("DisableSchemaValidation"),
        disable_execute_api_endpoint=optional("DisableExecuteApiEndpoint"),
        name=optional("Name"),
        protocol_type=properties.get("ProtocolType", "HTTP"),
        route_selection_expression=optional("RouteSelectionExpression"),
        tags=optional("Tags"),
        version=optional("Version"),
    )
    # moto's ids have eight letters; API Gateway's have ten letters and digits.
    del backend.apis[api.api_id]
    api.api_id = _new_id()
    scheme = "wss" if api.protocol_type == "WEBSOCKET" else "https"
    api.api_endpoint = f"{scheme}://{api.api_id}.execute-api.{backend.region_name}.amazonaws.com"
    backend.apis[api.api_id] = api
    attributes = {"ApiEndpoint": api.api_endpoint, "ApiId": api.api_id}
    return Created(api.api_id, attributes, remove=lambda: backend.apis.pop(api.api_id, None))


def _route(backend: ApiGatewayV2Backend, properties: _Properties) -> Created:
    optional: _Optional = properties.get
    route = backend.create_route(
        api_id=properties["ApiId"],
        api_key_required=properties.get("ApiKeyRequired", False),
        authorization_scopes=optional("AuthorizationScopes"),
        authorization_type=properties.get("AuthorizationType", "NONE"),
        authorizer_id=optional("AuthorizerId"),
        model_selection_expression=optional("ModelSelectionExpression"),
        operation_name=optional("OperationName"),
        request_models=optional("RequestModels"),
        request_parameters=optional("RequestParameters"),
        route_key=properties["RouteKey"],
        route_response_selection_expression=optional("RouteResponseSelectionExpression"),
        target=optional("Target"),
    )
    api = backend.get_api(properties["ApiId"])
    return Created(route.route_id, {"RouteId": route.route_id}, remove=lambda: api.routes.pop(route.route_id, None))


def _route_response(backend: ApiGatewayV2Backend, properties: _Properties) -> Created:
    optional: _Optional = properties.get
    response = backend.create_route_response(
        properties["ApiId"],
        properties["RouteId"],
        properties["RouteResponseKey"],
        optional("ModelSelectionExpression"),
        optional("ResponseModels"),
    )
    return Created(response.id, {"RouteResponseId": response.id})


def _integration(backend: ApiGatewayV2Backend, properties: _Properties) -> Created:
    optional: _Optional = properties.get
    integration = backend.create_integration(
        api_id=properties["ApiId"],
        connection_id=optional("ConnectionId"),
        connection_type=properties.get("ConnectionType", "INTERNET"),
        content_handling_strategy=optional("ContentHandlingStrategy"),
        credentials_arn=optional("CredentialsArn"),
        description=optional("Description"),
        integration_method=properties.get("IntegrationMethod", "POST"),
        integration_subtype=optional("IntegrationSubtype"),
        integration_type=properties["IntegrationType"],
        integration_uri=optional("IntegrationUri"),
        passthrough_behavior=properties.get("PassthroughBehavior", "WHEN_NO_MATCH"),
        payload_format_version=properties.get("PayloadFormatVersion", "1.0"),
        request_parameters=optional("RequestParameters"),
        request_templates=optional("RequestTemplates"),
        response_parameters=None,
        template_selection_expression=optional("TemplateSelectionExpression"),
        timeout_in_millis=properties.get("TimeoutInMillis", 29_000),
        tls_config={},
    )
    return Created(integration.id, {"IntegrationId": integration.id})


def _integration_response(backend: ApiGatewayV2Backend, properties: _Properties) -> Created:
    optional: _Optional = properties.get
    response = backend.create_integration_response(
        properties["ApiId"],
        properties["IntegrationId"],
        optional("ContentHandlingStrategy"),
        properties["IntegrationResponseKey"],
        optional("ResponseParameters"),
        optional("ResponseTemplates"),
        optional("TemplateSelectionExpression"),
    )
    return Created(response.id, {"IntegrationResponseId": response.id})


def _stage(backend: ApiGatewayV2Backend, properties: _Properties) -> Created:
    config = _as_on_the_wire(properties)
    for settings in ("defaultRouteSettings", "accessLogSettings"):
        if settings in config:
            config[settings] = _as_on_the_wire(config[settings])
    if "routeSettings" in config:
        config["routeSettings"] = {key: _as_on_the_wire(each) for key, each in config["routeSettings"].items()}
    stage = backend.create_stage(properties["ApiId"], config)
    return Created(stage.name)


def _as_on_the_wire(properties: _Properties) -> _Properties:
    """Return the members under their names in the API: `stageName` for `StageName`."""
    return {f"{name[0].lower()}{name[1:]}": value for name, value in properties.items()}


def _deployment(backend: ApiGatewayV2Backend, properties: _Properties) -> Created:
    """Create nothing: moto has no deployments, and a stage here serves the current routes."""
    backend.get_api(properties["ApiId"])
    deployment = _new_id()
    return Created(deployment, {"DeploymentId": deployment})


def _authorizer(backend: ApiGatewayV2Backend, properties: _Properties) -> Created:
    optional: _Optional = properties.get
    authorizer = backend.create_authorizer(
        api_id=properties["ApiId"],
        auth_creds_arn=optional("AuthorizerCredentialsArn"),
        auth_payload_format_version=optional("AuthorizerPayloadFormatVersion"),
        auth_result_ttl=optional("AuthorizerResultTtlInSeconds"),
        authorizer_uri=optional("AuthorizerUri"),
        authorizer_type=properties["AuthorizerType"],
        enable_simple_response=optional("EnableSimpleResponses"),
        identity_source=optional("IdentitySource"),
        identity_validation_expr=optional("IdentityValidationExpression"),
        jwt_config=optional("JwtConfiguration"),
        name=properties["Name"],
    )
    return Created(authorizer.id, {"AuthorizerId": authorizer.id})


def _model(backend: ApiGatewayV2Backend, properties: _Properties) -> Created:
    optional: _Optional = properties.get
    schema = properties["Schema"]
    model = backend.create_model(
        properties["ApiId"],
        properties.get("ContentType", "application/json"),
        optional("Description"),
        properties["Name"],
        # A document in templates, a text in the API.
        schema if isinstance(schema, str) else json.dumps(schema),
    )
    return Created(model.id, {"ModelId": model.id})
