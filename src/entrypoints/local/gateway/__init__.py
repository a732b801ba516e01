"""API Gateway's WebSocket APIs on loopback: the data plane and the management API, built from `ApiConfig` alone."""

from entrypoints.local.gateway.gateway import Gateway
from entrypoints.local.gateway.throttling import AccountThrottle

__all__ = ["AccountThrottle", "Gateway"]
