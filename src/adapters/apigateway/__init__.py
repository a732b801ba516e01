"""Adapters on the management API of Amazon API Gateway's WebSocket APIs."""

from adapters.apigateway.message_sink import ApiGatewayMessageSink, client_config

__all__ = ["ApiGatewayMessageSink", "client_config"]
