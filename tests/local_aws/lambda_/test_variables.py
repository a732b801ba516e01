"""The environment variables of a function's process."""

import os

import pytest

from tests.local_aws.lambda_.support import Stack

SHOW = "import os, sys\ndef handler(event, context): return {**os.environ, 'cwd': os.getcwd(), 'path': sys.path}"


async def test_nothing_of_the_developers_environment_reaches_a_function(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above all, a function must not receive the person's credentials."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("SECRET_OF_MINE", "1")
    stack.add(SHOW)
    seen = await stack.invoke()
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "SECRET_OF_MINE"} & set(seen)
    assert seen["HOME"] != os.environ.get("HOME")
    assert not os.listdir(seen["HOME"])


async def test_a_function_sees_lambdas_variables(stack: Stack) -> None:
    """The Developer Guide lists them in "Defined runtime environment variables"."""
    stack.add(SHOW, runtime="python3.12", memory_mb=512)
    seen = await stack.invoke()
    code = str(stack.folder / "function")
    expected = {
        "_HANDLER": "app.handler",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/function",
        "AWS_REGION": "eu-west-1",
        "LAMBDA_TASK_ROOT": code,
        "TZ": ":UTC",
        "cwd": code,
    }
    assert expected.items() <= seen.items()
    assert seen["path"][0] == code
    assert seen["_X_AMZN_TRACE_ID"].startswith("Root=1-")


async def test_the_stack_wins_over_the_template_and_lambda_over_both(stack: Stack) -> None:
    """The template's endpoint is for AWS, the stack's for this machine; reserved variables cannot be set."""
    stack.extra = {"ENDPOINT": "local", "AWS_REGION": "mars-1"}
    stack.add(SHOW, environment={"ENDPOINT": "aws", "TABLE": "chat", "AWS_REGION": "mars-2", "LANG": "C"})
    seen = await stack.invoke()
    wanted = ("ENDPOINT", "TABLE", "AWS_REGION", "LANG")
    assert [seen[name] for name in wanted] == ["local", "chat", "eu-west-1", "C"]


async def test_a_templates_python_path_is_searched_after_the_code(stack: Stack) -> None:
    """On AWS a layer's folder is there as well."""
    layer = stack.folder / "layer"
    layer.mkdir()
    (layer / "shared.py").write_text("WHERE = 'layer'")
    stack.add("import shared\ndef handler(event, context): return shared.WHERE", environment={"PYTHONPATH": str(layer)})
    assert await stack.invoke() == "layer"


async def test_programs_and_libraries_of_layers_are_searched_last(stack: Stack) -> None:
    """On AWS these are `/opt/bin` and `/opt/lib`, after the system's folders."""
    opt = stack.folder / "opt"
    (opt / "python").mkdir(parents=True)
    stack.add(SHOW, opt=opt)
    seen = await stack.invoke()
    assert seen["PATH"].split(":")[-1] == str(opt / "bin")
    assert seen["LD_LIBRARY_PATH"].split(":")[-1] == str(opt / "lib")
    assert seen["path"][1] == str(opt / "python")
