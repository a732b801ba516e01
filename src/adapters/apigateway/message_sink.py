"""Delivery through API Gateway's `@connections`, one signed POST a connection, as fast as the machine goes.

API Gateway has no call that posts to many connections. This sink keeps a pool of connections busy with posts without
a task or a future for each: a place that becomes free takes the next post from the deliveries, in turn.

A post whose answer was lost, because its connection broke, is made once more although it may have been taken: a message
twice is the lesser evil. One that timed out is not, since it may still be under way.
"""

import random
import time
from collections.abc import Sequence
from typing import Self

from adapters.apigateway.delivery import Delivery, Jitter
from adapters.apigateway.pacer import Pacer
from adapters.apigateway.posts import Address, Post, Posts
from adapters.apigateway.queue import Queue
from aws_client import CredentialsProvider, Endpoint, Opener, Pool, Signer
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
        endpoint = Endpoint.parse(url)
        signer = Signer(service="execute-api", region=region, host=endpoint.host_header, credentials=credentials)
        self._address = Address(path=f"{endpoint.path}/@connections/", signer=signer, timeout=post_timeout)
        self._jitter = jitter
        self._queue = Queue(pacer or Pacer())
        self._pool = Pool(Opener(endpoint), self._queue, limit=concurrency)
        self._queue.pump = self._pool.pump

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connections; a function's need not be ended, they go with its execution environment."""
        self._queue.close()
        self._pool.close()

    async def deliver(self, *, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        delivery = Delivery(connection_ids, deadline=deadline, jitter=self._jitter)
        if time.monotonic() >= deadline:
            delivery.give_up()
        if not delivery.unsettled:
            return delivery.outcomes()
        await self._make(delivery, payload.encode(), method="POST")
        return delivery.outcomes()

    async def disconnect(self, *, connection_ids: Sequence[str], deadline: float) -> Sequence[str]:
        delivery = Delivery(connection_ids, deadline=deadline, jitter=self._jitter)
        if time.monotonic() >= deadline:
            return ()
        await self._make(delivery, b"", method="DELETE")
        failed = delivery.outcomes().failed
        return [each for each in connection_ids if each not in failed]

    async def _make(self, delivery: Delivery, payload: bytes, *, method: str) -> None:
        queue = self._queue
        posts = Posts(delivery, self._address, payload, throttling=queue.throttling, ended=queue.ended, method=method)
        try:
            self._pool.revive()
            await self._queue.work(posts)
        finally:
            # If cancelled, what is under way is nobody's any more.
            if delivery.unsettled:
                self._pool.abandon(lambda exchange: isinstance(exchange, Post) and exchange.posts is posts)
