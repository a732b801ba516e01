"""The state that all deliveries to one stage of an API share."""

from collections.abc import Callable
from typing import Final

from adapters.apigateway.pacer import Pacer
from adapters.apigateway.throttling import Throttling
from aws_client import CredentialsProvider, Endpoint, RequestSigner, Response, Signer, percent_encoded
from chat_core.domain.outcome import Outcome

Jitter = Callable[[float, float], float]
"""Returns a number between two others, as `random.uniform` does."""

_OUTCOMES: Final = {410: Outcome.GONE, 429: Outcome.THROTTLED}
_EXPIRED: Final = "ExpiredTokenException"


class StageEndpoint:
    """The `@connections` endpoint of a stage: how requests to it are made, and what its answers mean."""

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
        """The longest time that a request may take, in seconds."""
        self.pacer = pacer
        self.jitter = jitter
        self.throttling = Throttling()
        path = f"{self.server.path}/@connections/"
        self.path = path.encode()
        self.canonical_path = percent_encoded(path, safe="/")

    def outcome_of(self, response: Response, request_signer: RequestSigner, signed: int) -> Outcome:
        """Return the outcome for an answer other than 200 and 204.

        If the request can succeed with another signature, the signer is renewed.

        Args:
            response: the answer.
            request_signer: the signer of the request.
            signed: the request's date, in seconds since the epoch.

        """
        if response.status >= 500:
            return Outcome.UNAVAILABLE
        if response.status == 403 and self._was_signed_wrongly(response, signed):
            request_signer.renew()
            return Outcome.UNAVAILABLE
        return _OUTCOMES.get(response.status, Outcome.REFUSED)

    def refused(self, connection_id: str, now: float) -> Outcome:
        """Record a 429; return `THROTTLED` or `SLOW`."""
        outcome = self.throttling.refused(connection_id)
        if outcome is Outcome.THROTTLED and self.throttling.is_account_throttled:
            self.pacer.decrease(now)
        return outcome

    def _was_signed_wrongly(self, response: Response, signed: int) -> bool:
        """Return whether the request can succeed with another signature."""
        expired = response.header("x-amzn-errortype").startswith(_EXPIRED)
        return expired or self.signer.correct_clock(response.header("date"), signed)
