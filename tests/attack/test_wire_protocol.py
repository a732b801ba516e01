"""Random frames of both protocols, through everything that a frame goes through."""

import json
import random
from typing import Any

from chat_core.wire.centrifuge import Centrifuge
from chat_core.wire.centrifuge.requests import REQUESTS
from tests.support.asyncapi import check_lines
from tests.support.chat import Client, MemoryChat

SEED = 20_261_126
PLAIN_FRAMES, RICH_FRAMES = 10_000, 3_000
LIMIT = 128 * 1024
TEXTS = ["", "a", "\u00e9", "\ud800", "\udfff", "\ufffe", "\0", "\u2028", "</script>", "x" * 500, "1" * 400, "lobby"]
NAMES = ["action", "data", "ref", "type", "from", "room", "__proto__", ""]
WRITTEN = ["{", "}", "[", "]", ":", ",", '"', "\\", "\\ud800", "NaN", "1e999", "-0", "9" * 5000, "true", " ", "\n"]
MEMBERS = ["data", "token", "recover", "epoch", "offset", "limit", "since", "reverse", "flag", "type", "tf", "delta"]
NUMBERS = [0, -1, 1, 1.5, 2**31, 2**63, 2**64, 10**300, 1e308]


def value(source: random.Random, depth: int = 0) -> Any:
    match source.randrange(8 if depth < 6 else 5):
        case 0:
            return source.choice(TEXTS)
        case 1:
            return source.choice(NUMBERS)
        case 2:
            return source.choice([None, True, False])
        case 3 | 4:
            return "sendmessage"
        case 5:
            return [value(source, depth + 1) for _ in range(source.randrange(4))]
        case _:
            return {source.choice(NAMES): value(source, depth + 1) for _ in range(source.randrange(5))}


def plain_frame(source: random.Random) -> str:
    """Return a frame: whole, damaged, or of pieces."""
    if source.randrange(10) == 0:
        return _nested(source, '{"action":"sendmessage","data":')
    document = {"action": "sendmessage", "data": value(source)} | {
        source.choice(NAMES): value(source) for _ in range(source.randrange(3))
    }
    return _damaged(source, json.dumps(document, ensure_ascii=source.random() < 0.5))


def rich_frame(source: random.Random) -> str:
    """Return a frame of some commands: whole, damaged, or of pieces."""
    if source.randrange(10) == 0:
        return _nested(source, '{"id":1,"publish":{"channel":"lobby"},"x":')
    lines = [json.dumps(_command(source)) for _ in range(source.choice([1, 1, 1, 2, 5]))]
    return _damaged(source, "\n".join(lines))


def _command(source: random.Random) -> dict[str, Any]:
    names = [each for each in REQUESTS if each not in ("connect", "send")]
    request = source.choice(names) if source.random() < 0.95 else source.choice([*REQUESTS, "ping"])
    members: Any = {"channel": source.choice(["lobby", "news", "nowhere:x", "#", "$a", "*", "x" * 256])}
    members |= {source.choice(MEMBERS): value(source) for _ in range(source.choice([0, 0, 1, 1, 2]))}
    if source.random() < 0.02:
        members = value(source)
    number = source.randrange(1, 1000) if source.random() < 0.95 else value(source)
    return {"id": number, request: members}


def _nested(source: random.Random, start: str) -> str:
    depth = source.choice([60, 62, 63, 64, 65, 500, 5000])
    return start + "[" * depth + "]" * depth + "}"


def _damaged(source: random.Random, text: str) -> str:
    kind = source.randrange(10)
    if kind == 0:
        return "".join(source.choice(WRITTEN + NAMES) for _ in range(source.randrange(40)))
    if kind == 1:
        at = source.randrange(len(text))
        return text[:at] + source.choice(WRITTEN) + text[at + source.randrange(3) :]
    return text


async def test_every_plain_frame_is_answered_and_nothing_is_forged() -> None:
    """What goes out is within the limits, is JSON where it has to be, and is what was sent."""
    source = random.Random(SEED)
    chat = MemoryChat()
    plain, reads_json = await chat.join("a"), (await chat.client("b", "lobby")).inbox
    plain.clear()
    for _ in range(PLAIN_FRAMES):
        reads_json.clear()
        result = await chat.receive("a", plain_frame(source))
        assert (result.fault is None) != (result.report is None)
        for sent in reads_json:
            push = json.loads(sent)["push"]
            assert (push["channel"], push["pub"].keys()) == ("lobby", {"data", "offset"})
        assert all(len(each.encode()) <= LIMIT for each in (*plain, *reads_json))
        if result.fault:
            assert reads_json == []
            assert [json.loads(each)["code"] for each in plain] == [result.fault.code]
        plain.clear()


def is_end(payload: dict[str, Any]) -> bool:
    """Return whether the client has to close its connection."""
    return "disconnect" in payload.get("push", {}) or payload.get("error", {}).get("code", 0) >= 3000


async def test_every_command_is_answered_once_or_the_connection_ends() -> None:
    """No frame goes out that is not described; and a plain client hears of it all nothing but messages."""
    source = random.Random(SEED)
    chat = MemoryChat()
    plain = await chat.join("plain")
    client: Client | None = None
    ended = 0
    for at in range(RICH_FRAMES):
        if client is None:
            client = await chat.client(f"rich{at}", "lobby")
        before = len(client.received)
        text = rich_frame(source)
        await chat.receive(client.id, text)
        for each in client.inbox:
            assert len(each.encode()) <= LIMIT
            check_lines(each)
        received = client.received[before:]
        if any(map(is_end, received)):
            ended += 1
            await chat.leave(client.id)
            client = None
            continue
        refs = [each.ref for each in Centrifuge().decode(text) if each.ref is not None]
        assert sorted(refs) == sorted(each["id"] for each in received if "id" in each)
        client.inbox.clear()
    assert RICH_FRAMES / 20 < ended < RICH_FRAMES / 2
    assert all(len(each.encode()) <= LIMIT for each in plain)
