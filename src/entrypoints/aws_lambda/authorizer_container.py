"""The parts of the authorizer. It shares nothing with the other functions, so it has a container of its own.

Secrets and keys are fetched when the first token needs them: a failure is that of one handshake, and the next one tries
again.
"""

import asyncio
import os

from dependency_injector import containers, providers

from chat_core import TokenVerifier


def _make_token_verifier() -> TokenVerifier:
    # Imported late, so that a test that overrides this needs no PyJWT.
    from adapters.jwt import JsonWebKeySet, JwtTokenVerifier, SharedSecret, download  # noqa: PLC0415

    issuer, audience = os.environ.get("TOKEN_ISSUER") or None, os.environ.get("TOKEN_AUDIENCE") or None
    if os.environ["AUTHORIZER_TYPE"] == "hs256":
        keys: JsonWebKeySet | SharedSecret = SharedSecret(_read_secret)
    else:
        if issuer is None or audience is None:
            # A public issuer, such as a user pool, signs tokens for other applications too.
            raise ValueError("TOKEN_ISSUER and TOKEN_AUDIENCE are needed with a key set")
        url = os.environ["JWKS_URL"]
        keys = JsonWebKeySet(lambda: download(url))
    return JwtTokenVerifier(
        keys,
        issuer=issuer,
        audience=audience,
        token_use=os.environ.get("TOKEN_USE") or None,
        leeway_seconds=float(os.environ.get("CLOCK_SKEW_SECONDS") or 60),
    )


async def _read_secret() -> bytes:
    # Imported late: a key set needs no AWS service.
    from adapters.secretsmanager import read_secret  # noqa: PLC0415
    from aws_client import environment_credentials  # noqa: PLC0415

    return await read_secret(
        os.environ["TOKEN_SECRET_ARN"],
        region=os.environ["AWS_REGION"],
        credentials=environment_credentials,
        # The variables of the SDKs. An emulator sets them, Lambda does not.
        url=os.environ.get("AWS_ENDPOINT_URL_SECRETS_MANAGER") or os.environ.get("AWS_ENDPOINT_URL"),
    )


class AuthorizerContainer(containers.DeclarativeContainer):
    """The verifier that the environment variables describe."""

    runner = providers.Singleton(asyncio.Runner)
    token_verifier = providers.Singleton(_make_token_verifier)


container = AuthorizerContainer()
