"""When a pool asks its sources for requests."""

import asyncio
import math
import time

from adapters.apigateway import ApiGatewayMessageSink, Pacer
from adapters.apigateway.pacer import TICK_SECONDS
from aws_client import Connector, Credentials, Endpoint, Pool, Response, Signer, Source, TransportError
from tests.support.rogue_endpoint import rogue_endpoint


def _spend(seconds: float) -> None:
    """Occupy the CPU for some time, as a busy loop does between two looks at the clock."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


class _JustMissed(Source):
    """Its only request becomes ready after the pool has asked for it, and before the pool sets its alarm."""

    deadline = math.inf
    path = b"/"
    body = b""
    expires = math.inf

    def __init__(self, signer: Signer) -> None:
        request_signer = signer.for_payload(self.body)
        self.signature = request_signer.sign(self.path, 0.0)
        self.header_block = request_signer.header_block
        self.status = 0
        self._due = math.inf

    @property
    def source(self) -> Source:
        return self

    def ready(self, now: float) -> int:
        return 1

    def next_due(self) -> float:
        return self._due

    def take(self, now: float) -> "_JustMissed | None":
        if now >= self._due:
            self._due = math.inf
            return self
        self._due = now + 0.001
        _spend(0.002)
        return None

    def is_finished(self, now: float) -> bool:
        return bool(self.status)

    def answered(self, response: Response) -> None:
        self.status = response.status

    def failed(self, error: TransportError) -> None:
        raise error

    def timed_out(self) -> None:
        raise TimeoutError


class _SlowPacer(Pacer):
    """Has refilled its permits by the time that the pool sets its alarm, whenever it had none."""

    def take(self, now: float) -> bool:
        is_taken = super().take(now)
        if not is_taken:
            _spend(2 * TICK_SECONDS)
        return is_taken


async def test_request_that_becomes_ready_while_the_pool_looks_is_sent() -> None:
    """Otherwise it would wait until something else happens, which may be never."""
    async with rogue_endpoint() as endpoint:
        server = Endpoint.parse(endpoint.url)
        credentials = Credentials("AKID", "secret")
        signer = Signer(
            service="execute-api", region="us-east-1", host=server.host_header, credentials=lambda: credentials
        )
        source = _JustMissed(signer)
        pool = Pool(Connector(server), limit=1)
        async with asyncio.timeout(5):
            await pool.run(source)
        pool.close()
    assert source.status == 200


async def test_permit_that_is_refilled_while_the_pool_looks_is_used() -> None:
    """Its request would wait for ever as well."""
    async with rogue_endpoint() as endpoint:
        credentials = Credentials("AKID", "secret")
        pacer = _SlowPacer(rate=1_000, burst=1)
        sink = ApiGatewayMessageSink(url=endpoint.url, region="us-east-1", credentials=lambda: credentials, pacer=pacer)
        async with sink, asyncio.timeout(5):
            outcomes = await sink.deliver(payload="x", connection_ids=["a", "b", "c"], deadline=math.inf)
    assert outcomes.delivered == 3
