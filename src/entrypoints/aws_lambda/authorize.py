"""The authorizer of `$connect`: API Gateway invokes it once for each handshake, before any other function.

Source of its output: API Gateway developer guide, "Output from an API Gateway Lambda authorizer". It is a policy that
allows or denies, or the error `Unauthorized` if another token may succeed. No part of a token is ever logged.
"""

import logging
from typing import Any

from chat_core import Forbidden, Unauthenticated, Unavailable
from entrypoints.aws_lambda.authorizer_container import container
from entrypoints.aws_lambda.bearer import bearer_token
from entrypoints.aws_lambda.events import Event, LambdaContext, budget

logger = logging.getLogger(__name__)
_run = container.runner().run
_verifier = container.token_verifier()


class Unauthorized(Exception):
    """API Gateway answers 401 if an authorizer fails with exactly this text, and 500 for any other."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    """Let the user of the token connect. Later events of the connection have the user as `principalId`.

    Raises:
        Unauthorized: the token is missing or invalid.
        Unavailable: no token can be verified now.

    """
    try:
        principal = _run(_verifier.verify(token=bearer_token(event) or "", deadline=budget(context).deadline))
    except Unauthenticated as refusal:
        logger.info("refused a client: %s", refusal)
        raise Unauthorized from None
    except Forbidden as refusal:
        logger.info("refused a client: %s", refusal)
        return _policy("Deny", event, principal_id="somebody")
    except Unavailable as fault:
        # The filter of an alarm matches this line: see infrastructure/alarms.yaml.
        logger.error("cannot verify tokens: %s %s", fault, fault.__cause__)  # noqa: TRY400 - it is raised as well
        raise
    return _policy("Allow", event, principal_id=principal.id)


def _policy(effect: str, event: Event, *, principal_id: str) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": principal_id, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
