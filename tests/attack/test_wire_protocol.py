"""Random frames, through everything that a frame goes through."""

import json
import random
from typing import Any

from adapters.memory import MemoryConnectionStore, MemoryMessageSink
from adapters.sqs import read_job, write_job
from chat_core import DeliveryJob, MessagePublished, RestOfRoom
from tests.support.chat import JSON, MemoryChat

SEED = 20_261_126
FRAMES = 20_000
LIMIT = 128 * 1024
TEXTS = ["", "a", "\u00e9", "\ud800", "\udfff", "\ufffe", "\0", "\u2028", "</script>", "x" * 500, "1" * 400, "lobby"]
NAMES = ["action", "data", "ref", "type", "from", "room", "__proto__", ""]
WRITTEN = ["{", "}", "[", "]", ":", ",", '"', "\\", "\\ud800", "NaN", "1e999", "-0", "9" * 5000, "true", " ", "\n"]


def value(source: random.Random, depth: int = 0) -> Any:
    match source.randrange(8 if depth < 6 else 5):
        case 0:
            return source.choice(TEXTS)
        case 1:
            return source.choice([0, -1, 1.5, 2**63, 10**300, 1e308])
        case 2:
            return source.choice([None, True, False])
        case 3 | 4:
            return "sendmessage"
        case 5:
            return [value(source, depth + 1) for _ in range(source.randrange(4))]
        case _:
            return {source.choice(NAMES): value(source, depth + 1) for _ in range(source.randrange(5))}


def frame(source: random.Random) -> str:
    """Return a frame: whole, damaged, or of pieces."""
    kind = source.randrange(10)
    if kind == 0:
        return "".join(source.choice(WRITTEN + NAMES) for _ in range(source.randrange(40)))
    if kind == 1:
        depth = source.choice([60, 62, 63, 64, 65, 500, 5000])
        return '{"action":"sendmessage","data":' + "[" * depth + "]" * depth + "}"
    document = {"action": "sendmessage", "data": value(source)} | {
        source.choice(NAMES): value(source) for _ in range(source.randrange(3))
    }
    text = json.dumps(document, ensure_ascii=source.random() < 0.5)
    if kind == 2:
        at = source.randrange(len(text))
        return text[:at] + source.choice(WRITTEN) + text[at + source.randrange(3) :]
    return text


async def test_every_frame_is_answered_and_nothing_is_forged() -> None:
    """What goes out is within the limits, is JSON where it has to be, and is from whoever sent it."""
    source = random.Random(SEED)
    chat = MemoryChat(store=MemoryConnectionStore(), sink=MemoryMessageSink())
    plain, reads_json = await chat.join("a"), await chat.join("b", codec=JSON)
    for _ in range(FRAMES):
        text = frame(source)
        result = await chat.receive("a", text)
        assert (result.fault is None) != (result.report is None)
        for sent in reads_json:
            event = json.loads(sent)
            assert (event["type"], event["from"], event["room"]) == ("message", "a", "lobby")
            # What was delivered can be handed on as well.
            published = MessagePublished(room="lobby", sender="a", data=event["data"])
            job = DeliveryJob(id="i", event=published, target=RestOfRoom(cursor="c"))
            assert read_job(write_job(job)) == job
        assert all(len(each.encode()) <= LIMIT for each in (*plain, *reads_json))
        if result.fault:
            assert reads_json == []
            assert [json.loads(each)["code"] for each in plain] == [result.fault.code]
        plain.clear()
        reads_json.clear()
