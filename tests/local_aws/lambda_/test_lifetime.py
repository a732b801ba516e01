"""The end of processes: their own exit, timeouts, and the end or death of the stack."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

import entrypoints
from local_aws.invoker import FunctionError, InvocationRefused
from local_aws.lambda_ import environment
from local_aws.lambda_.variables import RuntimeClient
from tests.local_aws.lambda_.support import ARN, SIGN_OF_LIFE, Stack, all_dead, exists, reaped

SLOW = SIGN_OF_LIFE + "import time\ndef handler(event, context): time.sleep(event or 600)\n"
CHILD = (
    SIGN_OF_LIFE
    + f"""
import subprocess, sys, time
def handler(event, context):
    subprocess.Popen([sys.executable, "-c", {SIGN_OF_LIFE!r} + "import time; time.sleep(600)"])
    while len(os.listdir(os.environ["ALIVE"])) < 2: time.sleep(0.01)
    if event: time.sleep(600)
"""
)


async def test_a_function_that_overruns_is_ended_with_all_it_started(stack: Stack) -> None:
    """The caller receives Lambda's message, and the next event a new environment."""
    stack.add(CHILD, timeout_seconds=2)
    with pytest.raises(FunctionError, match=r"Task timed out after 2\.00 seconds") as caught:
        await stack.invoke(1)
    assert caught.value.error_type == "Sandbox.Timedout"
    assert await all_dead(stack.alive)
    assert stack.lines[-1].endswith("\tStatus: timeout")
    assert await stack.invoke(0) is None


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("sys.exit(3)", "Error: Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Error: Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Error: Runtime exited with error: signal: killed"),
    ],
)
async def test_a_process_that_ends_while_it_runs_is_an_error(stack: Stack, ending: str, message: str) -> None:
    """The next event needs a new environment."""
    stack.add(f"import os, sys\ndef handler(event, context):\n    if event: {ending}\n    return 'well'")
    with pytest.raises(FunctionError) as caught:
        await stack.invoke(1)
    assert caught.value.error_type == "Runtime.ExitError"
    assert caught.value.message.endswith(message)
    assert await stack.invoke(0) == "well"


async def test_a_process_that_ends_while_idle_is_replaced(stack: Stack) -> None:
    """No event is lost."""
    stack.add(SIGN_OF_LIFE + "def handler(event, context): return os.getpid()")
    first = await stack.invoke()
    os.kill(first, signal.SIGKILL)
    assert await all_dead(stack.alive)
    await reaped(first)
    assert await stack.invoke() != first


async def test_a_start_that_takes_too_long_is_ended(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events must not wait forever for a module that never finishes loading."""
    monkeypatch.setattr(environment, "INIT_SECONDS", 1.0)
    stack.add(SIGN_OF_LIFE + "import time\ntime.sleep(600)", timeout_seconds=1)
    with pytest.raises(FunctionError, match=r"Task timed out after 1\.00 seconds"):
        await stack.invoke()
    assert stack.lines[-1].endswith("\tPhase: init\tStatus: timeout")
    assert await all_dead(stack.alive)


async def test_a_function_without_a_folder_is_an_error(stack: Stack) -> None:
    """It is a mistake in the template, and the caller receives the reason."""
    stack.add("")
    (stack.folder / "function" / "app.py").unlink()
    (stack.folder / "function").rmdir()
    with pytest.raises(FunctionError) as caught:
        await stack.invoke()
    assert caught.value.error_type == "Runtime.InvalidEntrypoint"


async def test_giving_up_does_not_stop_the_function(stack: Stack) -> None:
    """An integration timeout on AWS does not end it either."""
    done = stack.folder / "done"
    stack.add(
        f"""
        import pathlib, time
        def handler(event, context):
            pathlib.Path({str(stack.folder / "began")!r}).touch()
            time.sleep(0.2)
            pathlib.Path({str(done)!r}).touch()
        """
    )
    caller = asyncio.create_task(stack.invoke())
    await exists(stack.folder / "began")
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not done.exists()
    await exists(done)


async def test_stopping_ends_every_process_and_answers_every_caller(stack: Stack) -> None:
    """It ends running and idle environments, and fails waiting events."""
    stack.limit = 2
    stack.add(SLOW)
    stack.add(CHILD, name="idle", environment={"ALIVE": str(stack.folder / "idle_alive")})
    (stack.folder / "idle_alive").mkdir()
    await stack.invoke(0, name="idle")
    callers = [asyncio.create_task(stack.invoke()) for _ in range(4)]
    await exists(stack.alive, count=2)
    await stack.stop()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert all(isinstance(outcome, FunctionError | InvocationRefused) for outcome in outcomes)
    assert await all_dead(stack.alive)
    assert await all_dead(stack.folder / "idle_alive")
    with pytest.raises(InvocationRefused):
        await stack.invoke()


async def test_stopping_does_not_wait_for_one_that_will_not(stack: Stack) -> None:
    """A function that ignores the signal to end is killed."""
    stack.add(
        SIGN_OF_LIFE
        + "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        + "def handler(event, context):\n    open(event, 'w').close()\n    time.sleep(600)"
    )
    began = stack.folder / "began"
    caller = asyncio.create_task(stack.invoke(str(began)))
    await exists(began)
    started = time.monotonic()
    await stack.stop()
    assert time.monotonic() - started < 5
    assert await all_dead(stack.alive)
    assert isinstance((await asyncio.gather(caller, return_exceptions=True))[0], FunctionError)


@pytest.mark.parametrize("turns", [1, 2, 3, 10])
async def test_stopping_in_the_middle_of_a_start_leaves_nothing(stack: Stack, turns: int) -> None:
    """The start is interrupted at different points, after a number of iterations of the loop."""
    stack.add(SLOW)
    caller = asyncio.create_task(stack.invoke())
    for _ in range(turns):
        await asyncio.sleep(0)
    await stack.stop()
    assert isinstance((await asyncio.gather(caller, return_exceptions=True))[0], FunctionError | InvocationRefused)
    assert await all_dead(stack.alive)


async def test_stopping_waits_for_what_is_ending_already(stack: Stack) -> None:
    """An environment that was just retired must end completely."""
    stack.add(SIGN_OF_LIFE + "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ndef handler(*_): pass")
    await stack.invoke()
    # A process that ignores the signal cannot tell that it has got it.
    await asyncio.sleep(0.1)
    stack.functions.replace_environments()
    await asyncio.sleep(0.05)
    await stack.stop()
    assert await all_dead(stack.alive)


async def test_stopping_twice_is_stopping(stack: Stack) -> None:
    """The second call has nothing to do."""
    stack.add("def handler(event, context): return 1")
    await stack.invoke()
    await stack.stop()
    await stack.stop()


HOST = """
import asyncio, sys
from pathlib import Path
from local_aws.lambda_ import Functions
from local_aws.lambda_.variables import RuntimeClient
from local_aws.config import FunctionConfig

async def main(code, alive, client, arn):
    config = FunctionConfig(name="f", arn=arn, logical_id="F", handler="app.handler", runtime="python3.11",
                            code=Path(code), environment={"ALIVE": alive}, timeout_seconds=600)
    functions = Functions(configs=[config], extra_variables={}, log=print, client=RuntimeClient(client))
    await asyncio.gather(*(functions.invoke(function_arn=arn, event=event) for event in (b"0", b"1")))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_processes_do_not_outlive_a_stack_that_was_killed(client: RuntimeClient, tmp_path: Path) -> None:
    """Neither one that waits for an event, nor one that loops, nor its children may stay."""
    alive, code = tmp_path / "alive", tmp_path / "code"
    alive.mkdir()
    code.mkdir()
    (code / "app.py").write_text(CHILD)
    source = Path(next(iter(entrypoints.__path__))).parent
    host = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", HOST, str(code), str(alive), client.value, ARN + "f"],
        env={"PYTHONPATH": str(source), "TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await exists(alive, count=4)
    finally:
        host.kill()
        await host.wait()
    assert await all_dead(alive)
