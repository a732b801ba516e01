"""The number of environments, and the assignment of events to them."""

import asyncio
import json
from itertools import pairwise

import pytest

from local_aws.invoker import FunctionError
from local_aws.lambda_ import function
from tests.local_aws.lambda_.support import Stack, exists

MEET = """
import os, pathlib, time
def handler(event, context):
    folder = pathlib.Path(event["folder"])
    (folder / context.aws_request_id).touch()
    deadline = time.monotonic() + 20
    while len(list(folder.iterdir())) < event["count"] and time.monotonic() < deadline:
        time.sleep(0.01)
    return [os.getpid(), len(list(folder.iterdir())) >= event["count"]]
"""
"""A handler that responds once `count` of its runs have started."""


async def test_events_run_side_by_side_up_to_the_limit(stack: Stack) -> None:
    """Each of the first four waits for the other three; the same four environments run the rest."""
    stack.limit = 4
    stack.add(MEET)
    meeting = stack.folder / "meeting"
    meeting.mkdir()
    event = {"folder": str(meeting), "count": 4}
    answers = await asyncio.gather(*(stack.invoke(event) for _ in range(8)))
    assert all(met for _, met in answers)
    assert len({pid for pid, _ in answers}) == 4


async def test_one_environment_takes_one_event_at_a_time_in_their_order(stack: Stack) -> None:
    """With a limit of one, events run in order."""
    stack.limit = 1
    stack.add("served = []\ndef handler(event, context):\n    served.append(event)\n    return served")
    answers = await asyncio.gather(*(stack.invoke(n) for n in range(20)))
    assert answers[-1] == list(range(20))


async def test_an_environment_is_used_again(stack: Stack) -> None:
    """Sequential events need one environment."""
    stack.add("import os\ndef handler(event, context): return os.getpid()")
    assert len({await stack.invoke() for _ in range(10)}) == 1


async def test_a_burst_does_not_start_everything_at_once(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts are spread, and existing environments drain the queue meanwhile."""
    monkeypatch.setattr(function, "MAX_STARTING", 1)
    stack.limit = 4
    stack.add(
        """
        import time
        began = time.time(); time.sleep(0.05); done = time.time()
        def handler(event, context):
            time.sleep(0.002)
            return [began, done]
        """
    )
    answers = await asyncio.gather(*(stack.invoke() for _ in range(100)))
    starts = sorted({tuple(answer) for answer in answers})
    assert 1 <= len(starts) <= 4
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(starts))


async def test_functions_do_not_wait_for_each_other(stack: Stack) -> None:
    """A function at its limit does not affect the other."""
    stack.limit = 1
    stack.add("import time\ndef handler(event, context): time.sleep(60)", name="slow")
    stack.add("def handler(event, context): return 'quick'", name="quick")
    slow = asyncio.create_task(stack.invoke(name="slow"))
    assert await stack.invoke(name="quick") == "quick"
    assert not slow.done()
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow


async def test_events_that_wait_for_a_failed_start_all_get_its_error(stack: Stack) -> None:
    """It does not start again for each event."""
    stack.add(
        """
        import os, pathlib
        (pathlib.Path(os.environ["ALIVE"]) / str(os.getpid())).touch()
        raise RuntimeError("cannot start")
        """
    )
    outcomes = await asyncio.gather(*(stack.invoke() for _ in range(30)), return_exceptions=True)
    assert {str(outcome) for outcome in outcomes} == {"RuntimeError: cannot start"}
    assert len(list(stack.alive.iterdir())) <= 2 * function.MAX_STARTING


async def test_the_next_event_tries_a_failed_start_again(stack: Stack) -> None:
    """The cause may be fixed by then."""
    stack.add("import settings\ndef handler(event, context): return settings.READY")
    with pytest.raises(FunctionError):
        await stack.invoke()
    (stack.folder / "function" / "settings.py").write_text("READY = True")
    assert await stack.invoke() is True


async def test_warming_starts_one_environment_of_each_function(stack: Stack) -> None:
    """The first events then need no initialization."""
    for name in ("first", "second"):
        stack.add(f"print('loaded')\ndef handler(event, context): return {json.dumps(name)}", name=name)
    stack.add("import no_such_module", name="broken")
    await stack.functions.warm()
    assert {"First | loaded", "Second | loaded"} <= set(stack.lines)
    assert await stack.invoke(name="first") == "first"
    assert stack.lines.count("First | loaded") == 1


async def test_replaced_environments_take_no_more_events(stack: Stack) -> None:
    """The idle one ends at once, the busy one after its event, and new ones load the new code."""
    meeting = stack.folder / "meeting"
    meeting.mkdir()
    stack.add(MEET)
    await asyncio.gather(*(stack.invoke({"folder": str(meeting), "count": 2}) for _ in range(2)))
    busy = asyncio.create_task(stack.invoke({"folder": str(meeting), "count": 4}))
    await exists(meeting, count=3)
    (stack.folder / "function" / "app.py").write_text("def handler(event, context): return 'the new code'")
    stack.functions.replace_environments()
    assert await stack.invoke() == "the new code"
    assert not busy.done()
    (meeting / "the fourth").touch()
    assert (await busy)[1]
    assert {await stack.invoke() for _ in range(3)} == {"the new code"}


async def test_only_functions_of_the_folders_named_are_replaced(stack: Stack) -> None:
    """An edit of one function's code does not affect the others."""
    for name in ("first", "second"):
        stack.add("import os\ndef handler(event, context): return os.getpid()", name=name)
    before = [await stack.invoke(name=name) for name in ("first", "second")]
    stack.functions.replace_environments(below=[stack.folder / "first"])
    after = [await stack.invoke(name=name) for name in ("first", "second")]
    assert after[0] != before[0]
    assert after[1] == before[1]


async def test_warming_after_a_replacement_waits_for_room(stack: Stack) -> None:
    """With a limit of one, the new environment starts after the old one has ended."""
    stack.limit = 1
    stack.add("print('loaded')\ndef handler(event, context): return 1")
    await stack.invoke()
    stack.functions.replace_environments()
    await stack.functions.warm()
    assert stack.lines.count("Function | loaded") == 2
