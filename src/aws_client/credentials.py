"""Whose requests they are."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key; `session_token` comes with temporary ones, as roles have them."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


CredentialsProvider = Callable[[], Credentials]
"""Returns the credentials of the moment; asked at least once a second while requests are made, so that refreshed ones
are taken up while a broadcast runs. Outside Lambda, wrap botocore's, which refresh themselves:
`lambda: Credentials(*session.get_credentials().get_frozen_credentials())`.
"""


def environment_credentials() -> Credentials:
    """Return what the environment says, which is where Lambda puts a function's credentials.

    Raises:
        KeyError: it says nothing.

    """
    return Credentials(
        os.environ["AWS_ACCESS_KEY_ID"],
        os.environ["AWS_SECRET_ACCESS_KEY"],
        os.environ.get("AWS_SESSION_TOKEN") or None,
    )
