"""AWS credentials, and where they come from."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key; temporary keys, such as a role's, have a `session_token` as well."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


CredentialsProvider = Callable[[], Credentials]
"""Returns the current credentials. It is called at least once a second while requests are made, so that refreshed
credentials are used while a broadcast runs. Outside Lambda, wrap botocore's credentials, which refresh themselves:
`lambda: Credentials(*session.get_credentials().get_frozen_credentials())`.
"""


def environment_credentials() -> Credentials:
    """Return the credentials in the environment, where Lambda puts those of a function.

    Raises:
        KeyError: the environment has none.

    """
    return Credentials(
        os.environ["AWS_ACCESS_KEY_ID"],
        os.environ["AWS_SECRET_ACCESS_KEY"],
        os.environ.get("AWS_SESSION_TOKEN") or None,
    )
