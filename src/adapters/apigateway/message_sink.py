"""Delivery through API Gateway's `@connections`, one signed POST a connection, as fast as the machine goes.

API Gateway has no call that posts to many connections. This sink keeps a pool of connections busy with posts without
a task or a future for each: a place that becomes free takes the next post from the deliveries, in turn.

A post whose answer was lost, because its connection broke, is made once more although it may have been taken: a message
twice is the lesser evil. One that timed out is not, since it may still be under way.
"""

import random
from collections.abc import Sequence
from typing import Self

from adapters.apigateway.delivery import Delivery
from adapters.apigateway.pacer import Pacer
from adapters.apigateway.stage_endpoint import Jitter, StageEndpoint
from aws_client import Connector, CredentialsProvider, Pool
from chat_core.ports import MessageSink, Outcomes

CONCURRENCY = 256
"""Connections, and so posts under way at once: what uses up an account's quota as long as a post takes under 26 ms.

Small rooms open fewer; each takes 30 KB and, to open, 0.8 ms of CPU.
"""

POST_TIMEOUT_SECONDS = 5.0
"""The longest that one post may take: one that hangs must not eat the invocation."""


class ApiGatewayMessageSink(MessageSink):
    """Posts to connections of one API's stage.

    Throttled posts and faults that may pass are tried again, a bounded number of times and within the deadline. All
    deliveries share the connections, the pace and what is known of throttling, and take turns. It belongs to the event
    loop that it is first used on.
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
        """End the connections; a function's need not be ended, they go with its execution environment."""
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
