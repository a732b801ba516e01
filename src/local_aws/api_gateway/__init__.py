"""API Gateway's WebSocket APIs on loopback: the data plane and the management API, built from `ApiConfig` alone."""

from local_aws.api_gateway.gateway import Gateway
from local_aws.api_gateway.throttling import AccountThrottle

__all__ = ["AccountThrottle", "Gateway"]
