"""API Gateway's WebSocket APIs on loopback: the data plane and the management API, built from `ApiConfig` alone."""

from entrypoints.local.gateway.gateway import Gateway

__all__ = ["Gateway"]
