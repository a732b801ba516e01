"""The authorizer of `$connect`: API Gateway asks it once for each handshake, before any other function.

What it answers stands in the guide, "Output from an API Gateway Lambda authorizer": a policy for yes and no, and one
word as an error for a client that should come again with another token. Nothing of a token is ever logged.
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
    """API Gateway answers 401 where an authorizer fails with this very text; any other text is 500."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    """Let whoever the token speaks for connect; later events of the connection name them as `principalId`.

    Raises:
        Unauthorized: there is no token, or none that proves anything.
        Unavailable: no token can be judged now.

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
        # An alarm looks for this line: see infrastructure/alarms.yaml.
        logger.error("cannot verify tokens: %s %s", fault, fault.__cause__)  # noqa: TRY400 - it is raised as well
        raise
    return _policy("Allow", event, principal_id=principal.id)


def _policy(effect: str, event: Event, *, principal_id: str) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": principal_id, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
