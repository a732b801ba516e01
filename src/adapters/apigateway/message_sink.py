"""Delivery through API Gateway's `@connections`, one signed POST for each connection, as fast as the machine allows.

API Gateway has no call that posts to many connections. This sink keeps a pool of HTTP connections busy without a task
or a future for each post: an HTTP connection with free capacity takes the next post from the deliveries, in turn.

If a post's answer is lost because the HTTP connection broke, the post is repeated once, although it may have been
delivered: a duplicate is better than a lost message. A post that timed out is not repeated, since it may still be under
way.
"""

import random
from collections.abc import Sequence
from typing import Self

from adapters.apigateway.delivery import Delivery
from adapters.apigateway.pacer import Pacer
from adapters.apigateway.stage_endpoint import Jitter, StageEndpoint
from aws_client import Connector, CredentialsProvider, Pool
from chat_core.domain.outcome import Outcomes
from chat_core.ports import MessageSink

CONCURRENCY = 256
"""The most posts under way at once, and so of HTTP/1.1 connections: enough to use up an account's quota as long as a
post takes less than 26 ms.

Small rooms open fewer connections; docs/performance.md says what each costs.
"""

POST_TIMEOUT_SECONDS = 5.0
"""The longest time for one post: one that hangs must not use up the invocation's time."""


class ApiGatewayMessageSink(MessageSink):
    """Posts to the connections of one API's stage.

    Throttled posts and posts that met a fault are repeated, a bounded number of times and within the deadline. All
    deliveries share the HTTP connections, the pace and the knowledge of throttling, and take turns. A sink belongs to
    the event loop that it is first used on.
    """

    def __init__(
        self,
        *,
        url: str,
        region: str,
        credentials: CredentialsProvider,
        concurrency: int = CONCURRENCY,
        post_timeout: float = POST_TIMEOUT_SECONDS,
        pacer: Pacer | None = None,
        jitter: Jitter = random.uniform,
    ) -> None:
        self.url = url
        self.pacer = pacer or Pacer()
        self._endpoint = StageEndpoint(
            url, region=region, credentials=credentials, timeout=post_timeout, pacer=self.pacer, jitter=jitter
        )
        self._pool = Pool(Connector(self._endpoint.server), limit=concurrency, gate=self.pacer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the HTTP connections. A function need not do so: they end with its execution environment."""
        self._pool.close()

    async def deliver(self, *, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        delivery = Delivery(self._endpoint, connection_ids, payload.encode(), deadline=deadline)
        await self._pool.run(delivery)
        return delivery.outcomes()

    async def disconnect(self, *, connection_ids: Sequence[str], deadline: float) -> Sequence[str]:
        delivery = Delivery(self._endpoint, connection_ids, method="DELETE", deadline=deadline)
        await self._pool.run(delivery)
        failed = delivery.outcomes().failed
        return [each for each in connection_ids if each not in failed]
