"""What the authorizer is made of: apart from the other functions' container, since it shares nothing with them.

Neither a secret nor a key is fetched before a token has to be judged by it, so that a failure is that handshake's and
the next one tries again.
"""

import asyncio
import logging
import os
from collections.abc import Callable

from dependency_injector import containers, providers

from chat_core import TokenVerifier

logging.getLogger("botocore").setLevel(logging.WARNING)


def _make_token_verifier() -> TokenVerifier:
    # Here, so that whoever overrides it for a test need not have PyJWT.
    from adapters.jwt import JsonWebKeySet, JwtTokenVerifier, SharedSecret, download  # noqa: PLC0415

    issuer, audience = os.environ.get("TOKEN_ISSUER") or None, os.environ.get("TOKEN_AUDIENCE") or None
    if os.environ["AUTHORIZER_TYPE"] == "hs256":
        keys: JsonWebKeySet | SharedSecret = SharedSecret(_secret_reader(os.environ["TOKEN_SECRET_ARN"]))
    else:
        if issuer is None or audience is None:
            # A public issuer, such as a user pool, signs for more applications than this one.
            raise ValueError("TOKEN_ISSUER and TOKEN_AUDIENCE are needed with a key set")
        url = os.environ["JWKS_URL"]
        keys = JsonWebKeySet(lambda: download(url))
    return JwtTokenVerifier(
        keys, issuer=issuer, audience=audience, leeway_seconds=float(os.environ.get("CLOCK_SKEW_SECONDS") or 60)
    )


def _secret_reader(arn: str) -> Callable[[], bytes]:
    def read() -> bytes:
        # The SDK without boto3's resources; a third of a second that only HS256 pays.
        import botocore.session  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        # Within the function's ten seconds, whatever happens.
        config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"})
        client = botocore.session.Session().create_client(
            "secretsmanager", region_name=os.environ["AWS_REGION"], config=config
        )
        try:
            return str(client.get_secret_value(SecretId=arn)["SecretString"]).encode()
        finally:
            client.close()

    return read


class AuthorizerContainer(containers.DeclarativeContainer):
    """The verifier that the environment asks for."""

    runner = providers.Singleton(asyncio.Runner)
    token_verifier = providers.Singleton(_make_token_verifier)


container = AuthorizerContainer()
