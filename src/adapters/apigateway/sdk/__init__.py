"""Delivery with the AWS SDK: the plain reference that `adapters.apigateway` is held against."""

from adapters.apigateway.sdk.message_sink import SdkMessageSink, client_config

__all__ = ["SdkMessageSink", "client_config"]
