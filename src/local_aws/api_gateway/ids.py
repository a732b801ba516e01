"""Identifiers as API Gateway makes them.

Connections, messages and requests have ids of the same form: 11 bytes in URL-safe base64, that is 15 letters, digits,
`-` or `_`, and a `=`.
"""

import os
import re
import secrets
from base64 import urlsafe_b64encode

is_id = re.compile(r"[A-Za-z0-9_-]{15}=").fullmatch
"""Returns a match if a text has the form of an id."""


def new_id() -> str:
    """Return an id that cannot be guessed."""
    return urlsafe_b64encode(os.urandom(11)).decode("ascii")


def new_trace_id(epoch_seconds: float) -> str:
    """Return an AWS X-Ray root trace id, the value of `X-Amzn-Trace-Id`."""
    return f"Root=1-{int(epoch_seconds):08x}-{secrets.token_hex(12)}"
