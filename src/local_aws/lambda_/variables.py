"""The environment variables and the command of a function's process.

A function receives the variables of its template and those that Lambda defines, and nothing of the environment of the
person who started the stack: their credentials and profiles must never reach a local function. Sources: AWS Lambda
Developer Guide, "Defined runtime environment variables"; Python documentation, "Command line and environment".
"""

import importlib.util
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from local_aws.config import FunctionConfig

_PURE_CLIENT = Path(__file__).with_name("runtime_client.py")

_DEBUG_LISTEN = Path(__file__).with_name("debug_listen.py")


class RuntimeClient(Enum):
    """What calls the Runtime API inside a function's process; AWS's `awslambdaric` does all else."""

    NATIVE = "native"
    """Its own native module, which AWS builds for Linux only."""
    PURE = "pure"
    """The module in this package, which needs nothing but Python."""

    @classmethod
    def installed(cls) -> "RuntimeClient":
        """Choose the native module if it is installed."""
        return cls.NATIVE if importlib.util.find_spec("runtime_client") else cls.PURE

    @property
    def takes_path(self) -> bool:
        """Whether a path may follow `host:port` in `AWS_LAMBDA_RUNTIME_API`.

        AWS's client accepts one for its polls and answers, but not when it reports a module that cannot be imported
        (`call_rapid` of awslambdaric 4.2): Python's `HTTPConnection` would read the path as part of the port.
        """
        return self is RuntimeClient.PURE


@dataclass(frozen=True, kw_only=True)
class Debugger:
    """Where a debugger can attach to a function's process."""

    port: int
    """On 127.0.0.1."""
    packages: Path
    """The folder of debugpy."""


def command(config: FunctionConfig, client: RuntimeClient, debugger: Debugger | None = None) -> Sequence[str]:
    """Return the program and its arguments.

    `-P`, because Python would otherwise put the client's folder first on the module path, so that our modules would
    hide the function's. The client is started by its path, so that it works if the function cannot import this package.
    """
    program = ["-m", "awslambdaric"] if client is RuntimeClient.NATIVE else [str(_PURE_CLIENT)]
    if debugger is None:
        return [sys.executable, "-P", *program, config.handler]
    # debugpy warns of Python's frozen modules, which have no lines for breakpoints.
    listening = [str(_DEBUG_LISTEN), str(debugger.port), str(debugger.packages)]
    return [sys.executable, "-X", "frozen_modules=off", "-P", *listening, *program, config.handler]


def variables(config: FunctionConfig, *, extra: Mapping[str, str], runtime_api: str, home: Path) -> dict[str, str]:
    """Return all environment variables of a function's process.

    Args:
        config: The function.
        extra: Variables of the stack, such as endpoints and credentials; they override the template's.
        runtime_api: The address of the Runtime API, from `RuntimeApi.open`.
        home: An empty folder. Without it libraries would use the person's home folder and find `~/.aws` there.

    """
    return (
        _defaults(home, config.opt)
        | dict(config.environment)
        | dict(extra)
        | _reserved(config)
        | {
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "LAMBDA_RUNTIME_DIR": str(_runtime_folder()),
            "PYTHONPATH": _python_path(config),
        }
    )


def _defaults(home: Path, opt: Path | None) -> dict[str, str]:
    """Return the variables that a template may override."""
    defaults = {
        "LANG": "en_US.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        # On an EC2 instance, SDKs would otherwise find the credentials of the machine.
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    # Some Python builds find their shared library only through this variable.
    if "LD_LIBRARY_PATH" in os.environ:
        defaults["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    if opt is not None:
        for name, folder in (("PATH", opt / "bin"), ("LD_LIBRARY_PATH", opt / "lib")):
            defaults[name] = ":".join([*filter(None, [defaults.get(name)]), str(folder)])
    return defaults


def _reserved(config: FunctionConfig) -> dict[str, str]:
    """Return the variables that Lambda reserves."""
    region = config.arn.split(":")[3]
    day = datetime.now(UTC).strftime("%Y/%m/%d")
    return {
        "_HANDLER": config.handler,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        # AWS's client, like a function, reads the Python version from here and not from the interpreter.
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": config.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{config.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{day}/[$LATEST]{secrets.token_hex(16)}",
        "LAMBDA_TASK_ROOT": str(config.code.absolute()),
        # On AWS this requires the JSON format; here the log is for people and stays text.
        **({"AWS_LAMBDA_LOG_LEVEL": config.log_level} if config.log_level else {}),
        "TZ": ":UTC",
    }


def _python_path(config: FunctionConfig) -> str:
    """Return the function's folder, then those of its layers, in the order of Lambda's runtimes."""
    folders = [config.code.absolute()]
    if config.opt is not None:
        of_layers = (f"python/lib/{config.runtime}/site-packages", "python")
        # Resolved, so that tracebacks and debuggers name the files that a developer edits.
        folders += [(config.opt / each).resolve() for each in of_layers if (config.opt / each).is_dir()]
    asked = config.environment.get("PYTHONPATH")
    return ":".join([*map(str, folders), *([asked] if asked else [])])


def _runtime_folder() -> Path:
    spec = importlib.util.find_spec("awslambdaric")
    assert spec is not None  # noqa: S101  a dependency
    assert spec.origin is not None  # noqa: S101
    return Path(spec.origin).parent
