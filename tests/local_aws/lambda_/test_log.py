"""The log of running functions."""

import json
import re

import pytest

from local_aws.invoker import FunctionError
from tests.local_aws.lambda_.support import Stack


def shape(lines: list[str]) -> list[str]:
    """Return the lines with variable parts replaced."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", "\n".join(lines))
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "TIME", text)
    text = re.sub(r"\tMax Memory Used: \d+ MB", "", text)
    text = text.replace("\tMemory Size: 128 MB", "")
    return re.sub(r"\d+\.\d\d ms|\d+ ms", "N ms", text).split("\n")


async def test_a_run_is_logged_as_on_lambda(stack: Stack) -> None:
    """START, the handler's output in order, END and REPORT are complete when the response arrives."""
    stack.add(
        """
        import logging, sys
        print("loading")
        def handler(event, context):
            print("out")
            print("err", file=sys.stderr)
            logging.getLogger("chat").warning("careful, %s", "you")
            logging.info("not shown")
            print("unfinished", end="")
        """
    )
    await stack.invoke()
    assert shape(stack.lines) == [
        "Function | loading",
        "Function | START RequestId: ID Version: $LATEST",
        "Function | out",
        "Function | err",
        "Function | [WARNING]\tTIME\tID\tcareful, you",
        "Function | unfinished",
        "Function | END RequestId: ID",
        "Function | REPORT RequestId: ID\tDuration: N ms\tBilled Duration: N ms\tInit Duration: N ms",
    ]
    assert "\tMemory Size: 128 MB" in stack.lines[-1]
    del stack.lines[:]
    await stack.invoke()
    assert "Init Duration" not in stack.lines[-1]


async def test_all_output_comes_before_the_end_line(stack: Stack) -> None:
    """The amount does not matter."""
    stack.add("def handler(event, context):\n    for n in range(5000): print('line', n)")
    for _ in range(3):
        del stack.lines[:]
        await stack.invoke()
        assert len(stack.lines) == 5003
        assert stack.lines[-3:-1] == ["Function | line 4999", stack.lines[0].replace("START", "END").partition(" V")[0]]


async def test_an_error_is_logged_with_its_trace(stack: Stack) -> None:
    """There is one line per frame, from the handler's frame on."""
    stack.add("def handler(event, context):\n    raise ValueError('no good')")
    with pytest.raises(FunctionError):
        await stack.invoke()
    assert shape(stack.lines)[1:5] == [
        "Function | [ERROR] ValueError: no good",
        "Function | Traceback (most recent call last):",
        f'Function | \N{NO-BREAK SPACE}\N{NO-BREAK SPACE}File "{stack.folder}/function/app.py", line 2, in handler',
        "Function | " + 4 * "\N{NO-BREAK SPACE}" + "raise ValueError('no good')",
    ]


@pytest.mark.parametrize(
    ("failing", "line"),
    [
        ("raise ValueError('no good')", "[ERROR] ValueError: no good"),
        ("return object()", "[ERROR] Runtime.MarshalError: Unable to marshal response"),
        ("os._exit(3)", "Error: Runtime exited with error: exit status 3"),
        ("time.sleep(60)", "Task timed out after 1.00 seconds"),
    ],
)
async def test_an_error_names_the_route_and_the_connection_of_its_event(stack: Stack, failing: str, line: str) -> None:
    """It is one line, and the caller learns that it was logged, so that it is not logged twice."""
    stack.add(f"import os, time\ndef handler(event, context): {failing}", timeout_seconds=1)
    with pytest.raises(FunctionError) as caught:
        await stack.invoke({"requestContext": {"routeKey": "go", "connectionId": "AbC="}})
    [told] = [each for each in stack.lines if line in each]
    assert told.endswith(" [route go, connection AbC=]")
    assert sum("AbC=" in each for each in stack.lines) == 1
    assert caught.value.logged


async def test_error_while_loading_has_no_source(stack: Stack) -> None:
    """The caller logs it with the waiting event."""
    stack.add("raise ValueError('no good')")
    with pytest.raises(FunctionError) as caught:
        await stack.invoke({"requestContext": {"routeKey": "go", "connectionId": "AbC="}})
    assert not any("AbC=" in each for each in stack.lines)
    assert not caught.value.logged


async def test_a_process_that_ends_says_how(stack: Stack) -> None:
    """The lines are Lambda's."""
    stack.add("import sys\ndef handler(event, context): sys.exit(3)")
    with pytest.raises(FunctionError):
        await stack.invoke()
    assert shape(stack.lines)[1:4] == [
        "Function | RequestId: ID Error: Runtime exited with error: exit status 3",
        "Function | Runtime.ExitError",
        "Function | END RequestId: ID",
    ]
    assert stack.lines[-1].endswith("\tStatus: error\tError Type: Runtime.ExitError")


async def test_a_failed_start_is_reported(stack: Stack) -> None:
    """The function's output comes before it."""
    stack.add("import no_such_module")
    with pytest.raises(FunctionError):
        await stack.invoke()
    assert any("[ERROR] Runtime.ImportModuleError: Unable to import module 'app'" in line for line in stack.lines)
    assert shape(stack.lines)[-1] == (
        "Function | INIT_REPORT Init Duration: N ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError"
    )


async def test_functions_log_as_json_if_configured(stack: Stack) -> None:
    """Lambda configures its runtimes with `AWS_LAMBDA_LOG_FORMAT` and `AWS_LAMBDA_LOG_LEVEL`."""
    stack.extra = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}
    stack.add(
        """
        import logging
        def handler(event, context):
            try:
                1 / 0
            except ZeroDivisionError:
                logging.getLogger("chat").exception("oh", extra={"room": "lobby"})
        """
    )
    await stack.invoke()
    record = json.loads(stack.lines[1].partition(" | ")[2])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record.pop("timestamp"))
    assert len(record.pop("requestId")) == 36
    assert len(record.pop("stackTrace")) == 1
    assert record.pop("location").endswith("app.py:handler:7")
    assert record == {
        "level": "ERROR",
        "message": "oh",
        "logger": "chat",
        "errorType": "ZeroDivisionError",
        "errorMessage": "division by zero",
        "room": "lobby",
    }


async def test_lines_tell_functions_apart(stack: Stack) -> None:
    """Each begins with the logical id of its function."""
    stack.add("def handler(event, context): print('one')", name="first")
    stack.add("def handler(event, context): print('two')", name="second")
    await stack.invoke(name="first")
    await stack.invoke(name="second")
    assert "First | one" in stack.lines
    assert "Second | two" in stack.lines
