"""Validation of messages: a route's request models, JSON schemas of draft 4.

Source: API Gateway Developer Guide, "Request validation for WebSocket APIs". `jsonschema` is imported only
if a route has models: it takes longer to import than the rest of the gateway.
"""

from typing import Any

from local_aws.api_gateway.selection import RouteSelector, read_json
from local_aws.config import RouteConfig


class RequestModels:
    """The models of one route; its `ModelSelectionExpression` selects one for each message."""

    def __init__(self, route: RouteConfig) -> None:
        """Compile the expression and the schemas.

        Raises:
            ValueError: The expression is not valid, or a schema is not of draft 4.

        """
        from jsonschema import (  # noqa: PLC0415 - see the module's docstring
            Draft4Validator,
            SchemaError,
        )
        from referencing import Registry  # noqa: PLC0415

        # The rule is that of routes: an exact match, else `$default`.
        self._selector = RouteSelector(route.model_selection_expression, route.request_models)
        self._validators: dict[str, Any] = {}
        for key, schema in route.request_models.items():
            try:
                Draft4Validator.check_schema(schema)
            except SchemaError as exc:
                raise ValueError(f"the model {key} of the route {route.key}: {exc.message}") from exc
            # The default registry fetches referenced schemas from the network.
            self._validators[key] = Draft4Validator(schema, registry=Registry())

    def fault(self, body: str) -> str | None:
        """Return what is wrong with a message; None if it is valid."""
        from jsonschema.exceptions import best_match  # noqa: PLC0415

        key = self._selector.route_key(body)
        if key is None:
            return "no model is selected, and there is no $default"
        try:
            error = best_match(self._validators[key].iter_errors(read_json(body)))
        except (ValueError, RecursionError):
            return "the message is not JSON"
        return None if error is None else f"{error.json_path}: {error.message}"
