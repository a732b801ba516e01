"""A proxy in front of DynamoDB that answers some requests with faults, as the service does now and then."""

import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientSession, web

_JSON = "application/x-amz-json-1.0"
_HOP_BY_HOP = frozenset({"connection", "content-length", "host", "keep-alive", "transfer-encoding"})
"""Headers of one connection, which are not passed on (RFC 9110, section 7.6.1)."""


@dataclass
class FaultyProxy:
    """Passes requests on, but for some."""

    target: str
    session: ClientSession
    chance: random.Random
    url: str = ""
    share: float = 0.0
    """Of the requests that are answered with a fault."""
    faults: Counter[str] = field(default_factory=Counter)
    """How many requests were answered with each fault."""

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request: throttled, failed, failed although it was done, or as DynamoDB answers it."""
        body = await request.read()
        if self.chance.random() >= self.share:
            return await self._passed_on(request, body)
        fault = self.chance.choice(("throttled", "failed", "done, and the answer lost"))
        self.faults[fault] += 1
        if fault == "throttled":
            return _error(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException")
        if fault != "failed":
            await self._passed_on(request, body)
        return _error(500, "com.amazonaws.dynamodb.v20120810#InternalServerError")

    async def _passed_on(self, request: web.Request, body: bytes) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        url = f"{self.target}{request.path_qs}"
        async with self.session.request(request.method, url, data=body, headers=headers) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)


def _error(status: int, code: str) -> web.Response:
    return web.Response(status=status, body=json.dumps({"__type": code, "message": ""}).encode(), content_type=_JSON)


@asynccontextmanager
async def faulty_proxy(target: str, *, seed: int) -> AsyncIterator[FaultyProxy]:
    """Serve the proxy in front of a URL; it answers with no faults before a test sets their share."""
    async with ClientSession(auto_decompress=False) as session:
        proxy = FaultyProxy(target, session, random.Random(seed))
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", proxy.answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0][:2]
            proxy.url = f"http://{host}:{port}"
            yield proxy
        finally:
            await runner.cleanup()
