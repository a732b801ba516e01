"""A client of PyPI's `centrifuge-python`, driven by JSON lines: see tests/clients/driver.py."""

import asyncio
import json
import sys
from typing import Any

import centrifuge


def say(**event: Any) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


class ClientEvents(centrifuge.ClientEventHandler):
    async def on_connected(self, ctx: Any) -> None:
        say(on="connected", client=ctx.client)

    async def on_connecting(self, ctx: Any) -> None:
        say(on="connecting", code=ctx.code)

    async def on_disconnected(self, ctx: Any) -> None:
        say(on="disconnected", code=ctx.code)


class RoomEvents(centrifuge.SubscriptionEventHandler):
    def __init__(self, channel: str) -> None:
        self.channel = channel

    async def on_subscribed(self, ctx: Any) -> None:
        say(on="subscribed", channel=self.channel, wasRecovering=ctx.was_recovering, recovered=ctx.recovered)

    async def on_unsubscribed(self, ctx: Any) -> None:
        say(on="unsubscribed", channel=self.channel, code=ctx.code)

    async def on_publication(self, ctx: Any) -> None:
        pub = ctx.pub
        client = pub.info.client if pub.info else None
        say(on="publication", channel=self.channel, data=pub.data, offset=pub.offset, client=client)

    async def on_join(self, ctx: Any) -> None:
        say(on="join", channel=self.channel, client=ctx.info.client)

    async def on_leave(self, ctx: Any) -> None:
        say(on="leave", channel=self.channel, client=ctx.info.client)

    async def on_error(self, ctx: Any) -> None:
        say(on="error", channel=self.channel, code=ctx.code)


class Driver:
    def __init__(self, url: str, name: str) -> None:
        self.client = centrifuge.Client(
            url, events=ClientEvents(), name=name, min_reconnect_delay=0.05, max_reconnect_delay=0.5
        )

    def subscription(self, channel: str, **options: Any) -> Any:
        known = self.client.get_subscription(channel)
        return known or self.client.new_subscription(channel, events=RoomEvents(channel), **options)

    async def connect(self) -> None:
        await self.client.connect()

    async def disconnect(self) -> None:
        await self.client.disconnect()

    async def subscribe(self, channel: str, options: dict[str, Any] | None = None) -> None:
        names = {"joinLeave": "join_leave"}
        await self.subscription(channel, **{names[key]: value for key, value in (options or {}).items()}).subscribe()

    async def unsubscribe(self, channel: str) -> None:
        await self.subscription(channel).unsubscribe()

    async def publish(self, channel: str, data: Any) -> None:
        await self.client.publish(channel, data)

    async def history(
        self, channel: str, limit: int, since: dict[str, Any] | None = None, *, reverse: bool = False
    ) -> dict[str, Any]:
        position = centrifuge.StreamPosition(offset=since["offset"], epoch=since["epoch"]) if since else None
        found = await self.client.history(channel, limit=limit, since=position, reverse=reverse)
        return {
            "offset": found.offset,
            "epoch": found.epoch,
            "publications": [{"offset": each.offset, "data": each.data} for each in found.publications],
        }

    async def presence(self, channel: str) -> list[str]:
        return list((await self.client.presence(channel)).clients)

    async def presence_stats(self, channel: str) -> list[int]:
        found = await self.client.presence_stats(channel)
        return [found.num_clients, found.num_users]

    async def rpc(self, method: str, data: Any) -> Any:
        return (await self.client.rpc(method, data)).data

    async def burst(self, channel: str, times: int) -> None:
        subscription = self.subscription(channel)
        for _ in range(times):
            await subscription.subscribe()
            await subscription.unsubscribe()
        await subscription.subscribe()

    async def answer(self, call: str, ref: int, members: dict[str, Any]) -> None:
        try:
            say(reply=ref, result=await getattr(self, call)(**members))
        except centrifuge.CentrifugeError as exc:
            say(reply=ref, error=getattr(exc, "code", None) or str(exc))


async def main(url: str, name: str) -> None:
    driver = Driver(url, name)
    running = set()
    while line := await asyncio.to_thread(sys.stdin.readline):
        command = json.loads(line)
        task = asyncio.create_task(driver.answer(command.pop("call"), command.pop("ref"), command))
        running.add(task)
        task.add_done_callback(running.discard)


asyncio.run(main(*sys.argv[1:]))
