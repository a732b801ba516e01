"""boto3 clients of the embedded AWS alone.

The developer's own AWS settings are ignored: profiles, credentials, proxies, configuration files.
"""

import os
from functools import cache
from typing import Any

ACCESS_KEY_ID = "LOCALSTACKFUNCTION00"
"""The emulator's own access key, for which no policy is checked. The functions have others."""
SECRET_ACCESS_KEY = "local"  # noqa: S105 - worthless: only processes of this machine accept it


def client(service: str, *, endpoint: str, region: str) -> Any:
    """Return a boto3 client for the service at the endpoint; the caller closes it."""
    # The import takes longer than the rest of the command's start.
    import boto3  # noqa: PLC0415
    import botocore.session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    # A profile in the environment that does not exist would be an error.
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
    # No retries: here a failure is final.
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
