"""Clients of the embedded cloud, and of nothing else.

Nothing of what the developer has set up for AWS is read: no profile, no credentials, no proxy, no configuration file.
"""

import os
from functools import cache
from typing import Any

ACCESS_KEY_ID = "LOCALSTACKFUNCTION00"
"""Ours, of whom no policy is asked: the functions have others."""
SECRET_ACCESS_KEY = "local"  # noqa: S105 - it opens nothing: whatever takes it is on this machine


def client(service: str, *, endpoint: str, region: str) -> Any:
    """Return a boto3 client for the service at the endpoint; the caller closes it."""
    # Importing it takes longer than starting everything else of the command.
    import boto3  # noqa: PLC0415
    import botocore.session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    # A profile that is named in the environment and does not exist would be an error.
    nowhere = {"profile": None, "config_file": os.devnull, "credentials_file": os.devnull}
    variables = {name: (None, None, value, None) for name, value in nowhere.items()}
    core = botocore.session.Session(session_vars=variables)
    core.register_component("data_loader", _service_models())
    session = boto3.Session(
        botocore_session=core,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        region_name=region,
    )
    # A failure is an answer here, and comes no differently the second time.
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, proxies={}, s3={"addressing_style": "path"})
    return session.client(service, endpoint_url=endpoint, config=config)


@cache
def _service_models() -> Any:
    """Return the loader of the service descriptions, which caches what it has read.

    A session of its own would read them anew.

    Measured: seven clients take a tenth of the time.
    """
    import botocore.loaders  # noqa: PLC0415

    return botocore.loaders.create_loader()
