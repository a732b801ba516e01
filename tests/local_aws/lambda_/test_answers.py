"""The event and context of a handler, and its response, with both runtime clients."""

import math
from typing import Any

import pytest

from local_aws.invoker import FunctionError, InvocationRefused
from tests.local_aws.lambda_.support import ARN, Stack


async def test_the_handler_gets_the_event_and_its_answer_comes_back(stack: Stack) -> None:
    """Text outside ASCII must survive in both directions."""
    stack.add("def handler(event, context): return {'got': event}")
    assert await stack.invoke({"text": "naïve ☕"}) == {"got": {"text": "naïve ☕"}}


async def test_large_events_and_answers_pass(stack: Stack) -> None:
    """A megabyte is well within Lambda's limit."""
    stack.add("def handler(event, context): return event * 2")
    assert len(await stack.invoke("x" * 1_000_000)) == 2_000_000


async def test_the_context_describes_the_function_and_the_request(stack: Stack) -> None:
    """Every documented attribute is there, and the remaining time counts down from the timeout."""
    stack.add(
        """
        def handler(event, context):
            described = {key: getattr(context, key) for key in (
                "function_name", "function_version", "memory_limit_in_mb", "invoked_function_arn", "log_group_name",
                "client_context")}
            identity = [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id]
            return {**described, "identity": identity, "id": context.aws_request_id,
                    "stream": context.log_stream_name, "left": context.get_remaining_time_in_millis()}
        """,
        memory_mb=256,
    )
    context = await stack.invoke()
    assert len(context.pop("id")) == 36
    assert "[$LATEST]" in context.pop("stream")
    assert 0 < context.pop("left") <= 30_000
    assert context == {
        "function_name": "function",
        "function_version": "$LATEST",
        "memory_limit_in_mb": "256",
        "invoked_function_arn": ARN + "function",
        "log_group_name": "/aws/lambda/function",
        "client_context": None,
        "identity": [None, None],
    }


@pytest.mark.parametrize(
    ("returned", "document"),
    [
        ("decimal.Decimal('1.10')", b"1.10"),
        ("{'a': [decimal.Decimal('12345678901234567890.5')]}", b'{"a": [12345678901234567890.5]}'),
        ("collections.namedtuple('P', 'x y')(1, 2)", b'{"x": 1, "y": 2}'),
        ("(1, None, True)", b"[1, null, true]"),
        ("b'not { JSON'", b"not { JSON"),
        ("'\\u00e9'", b'"\\u00e9"'),
    ],
)
async def test_answers_are_written_as_on_lambda(stack: Stack, returned: str, document: bytes) -> None:
    """Bytes are sent unchanged; decimals keep their digits."""
    stack.add(f"import collections, decimal\ndef handler(event, context): return {returned}")
    assert await stack.functions.invoke(function_arn=ARN + "function", event=b"null") == document


async def test_a_recent_runtime_does_not_escape_text(stack: Stack) -> None:
    """From Python 3.12 on it is not escaped, regardless of the interpreter that runs the function here."""
    stack.add("def handler(event, context): return '\\u00e9'", runtime="python3.13")
    assert await stack.functions.invoke(function_arn=ARN + "function", event=b"null") == '"é"'.encode()


async def test_a_decimal_that_is_no_number_stays_none(stack: Stack) -> None:
    """JSON has no literal for it; Python's JSON dialect has."""
    stack.add("import decimal\ndef handler(event, context): return decimal.Decimal('NaN')")
    assert math.isnan(await stack.invoke())


@pytest.mark.parametrize(
    ("body", "error_type", "message"),
    [
        ("raise KeyError('lost')", "KeyError", "'lost'"),
        ("raise type('Odd', (Exception,), {})('really')", "Odd", "really"),
        ("return {1, 2}", "Runtime.MarshalError", "Unable to marshal response"),
        ("return handler(event, context)", "RecursionError", "maximum recursion depth exceeded"),
    ],
)
async def test_exception_of_a_handler_is_reported(stack: Stack, body: str, error_type: str, message: str) -> None:
    """The error has the name of the class, with a trace of any length, and the environment continues."""
    stack.add(f"def handler(event, context):\n    if event: return 'still here'\n    {body}")
    with pytest.raises(FunctionError) as caught:
        await stack.invoke()
    assert caught.value.error_type == error_type
    assert caught.value.message.startswith(message)
    assert await stack.invoke(1) == "still here"
    assert sum("Init Duration" in line for line in stack.lines) == 1


async def test_an_event_that_is_not_json_is_the_runtime_clients_to_refuse(stack: Stack) -> None:
    """The handler never receives it."""
    stack.add("def handler(event, context): return 1")
    with pytest.raises(FunctionError) as caught:
        await stack.functions.invoke(function_arn=ARN + "function", event=b"{")
    assert caught.value.error_type == "Runtime.UnmarshalError"


@pytest.mark.parametrize(
    ("source", "config", "error_type", "message"),
    [
        ("import no_such_module", {}, "Runtime.ImportModuleError", "Unable to import module 'app': No module named"),
        ("def handler(:", {}, "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': invalid syntax"),
        ("", {}, "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("", {"handler": "app"}, "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values to unpack"),
        ("", {"handler": "sys.exit"}, "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys"),
        ("1 / 0", {}, "ZeroDivisionError", "division by zero"),
        ("import sys; sys.exit(7)", {}, "Runtime.ExitError", "RequestId: "),
    ],
)
async def test_error_while_loading_is_reported(
    stack: Stack, source: str, config: dict[str, Any], error_type: str, message: str
) -> None:
    """The waiting event receives the error."""
    stack.add(source, **config)
    with pytest.raises(FunctionError) as caught:
        await stack.invoke()
    assert caught.value.error_type == error_type
    assert caught.value.message.startswith(message)


async def test_a_handler_may_be_in_a_package(stack: Stack) -> None:
    """Lambda accepts slashes between packages too."""
    stack.add("", handler="package/module.handle")
    package = stack.folder / "function" / "package"
    package.mkdir()
    (package / "module.py").write_text("def handle(event, context): return __name__")
    assert await stack.invoke() == "package.module"


async def test_modules_of_the_function_come_before_those_of_the_stack(stack: Stack) -> None:
    """The modules of a function may have the names of this package's modules."""
    stack.add("import report, environment\ndef handler(event, context): return [report.NAME, environment.NAME]")
    for name in ("report", "environment"):
        (stack.folder / "function" / f"{name}.py").write_text(f"NAME = 'my {name}'")
    assert await stack.invoke() == ["my report", "my environment"]


async def test_a_qualified_arn_is_the_function(stack: Stack) -> None:
    """The function receives the ARN that the caller used."""
    stack.add("def handler(event, context): return context.invoked_function_arn")
    arn = ARN + "function:live"
    assert await stack.functions.invoke(function_arn=arn, event=b"null") == f'"{arn}"'.encode()


async def test_an_unknown_function_is_refused(stack: Stack) -> None:
    """No process is started for it."""
    with pytest.raises(InvocationRefused):
        await stack.invoke(name="nobody")
