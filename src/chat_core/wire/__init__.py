"""The wire formats: how frames become commands, and how replies, faults and events become payloads.

Nothing outside this package knows a format. docs/protocol.md describes them for clients.
"""

from chat_core.wire.chat_v1 import ChatV1
from chat_core.wire.codec import Codec, Decoded, Ref, RefusedRequest, Request
from chat_core.wire.codecs import Codecs, Negotiated
from chat_core.wire.payloads import Payloads
from chat_core.wire.plain import Plain

__all__ = [
    "ChatV1",
    "Codec",
    "Codecs",
    "Decoded",
    "Negotiated",
    "Payloads",
    "Plain",
    "Ref",
    "RefusedRequest",
    "Request",
]
