"""Adapters for the management API of Amazon API Gateway's WebSocket APIs."""

from adapters.apigateway.message_sink import ApiGatewayMessageSink
from adapters.apigateway.pacer import Pacer

__all__ = ["ApiGatewayMessageSink", "Pacer"]
