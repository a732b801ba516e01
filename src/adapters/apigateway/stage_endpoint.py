"""What all deliveries to one API's stage share."""

from collections.abc import Callable
from typing import Final

from adapters.apigateway.pacer import Pacer
from adapters.apigateway.throttling import Throttling
from aws_client import CredentialsProvider, Endpoint, RequestSigner, Response, Signer, percent_encoded
from chat_core.ports import Outcome

Jitter = Callable[[float, float], float]
"""Returns a number between two others, as `random.uniform` does."""

_OUTCOMES: Final = {410: Outcome.GONE, 429: Outcome.THROTTLED}
_EXPIRED: Final = "ExpiredTokenException"


class StageEndpoint:
    """The `@connections` resource of a stage, and what its answers have said of the account and of each connection."""

    def __init__(
        self,
        url: str,
        *,
        region: str,
        credentials: CredentialsProvider,
        timeout: float,
        pacer: Pacer,
        jitter: Jitter,
    ) -> None:
        self.server = Endpoint.parse(url)
        self.signer = Signer(
            service="execute-api", region=region, host=self.server.host_header, credentials=credentials
        )
        self.timeout = timeout
        """The longest that one request may take, in seconds."""
        self.pacer = pacer
        self.jitter = jitter
        self.throttling = Throttling()
        path = f"{self.server.path}/@connections/"
        self.path = path.encode()
        self.canonical_path = percent_encoded(path, safe="/")

    def outcome_of(self, response: Response, request_signer: RequestSigner, signed: int) -> Outcome:
        """Return what an answer other than 200 and 204 means; if it was the signature's fault, renew that.

        Args:
            response: the answer.
            request_signer: what signed the request.
            signed: when it did, in seconds since the epoch.

        """
        if response.status >= 500:
            return Outcome.UNAVAILABLE
        if response.status == 403 and self._was_signed_wrongly(response, signed):
            request_signer.renew()
            return Outcome.UNAVAILABLE
        return _OUTCOMES.get(response.status, Outcome.REFUSED)

    def refused(self, connection_id: str, now: float) -> Outcome:
        """Record a 429; return whether the connection is throttled, or slow."""
        outcome = self.throttling.refused(connection_id)
        if outcome is Outcome.THROTTLED and self.throttling.is_account_throttled:
            self.pacer.decrease(now)
        return outcome

    def _was_signed_wrongly(self, response: Response, signed: int) -> bool:
        """Return whether the request can succeed when it is signed anew."""
        expired = response.header("x-amzn-errortype").startswith(_EXPIRED)
        return expired or self.signer.correct_clock(response.header("date"), signed)
