"""Shared by all tests: services on loopback, how tests run side by side, and the rule that CI skips nothing."""

import gc
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import pytest
from blockbuster import BlockBuster
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

REGION = "us-east-1"

SLOWEST_FIRST = (
    "tests/e2e/test_deploy",
    "tests/tools/test_deploy",
    "tests/tools/test_artifact.",
    "tests/e2e",
    "tests/tools",
)
"""Files that start first if tests run side by side: a long file that starts last runs on when the others are done."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return the number of processes that run tests: one more than there are cores, since tests wait a lot."""
    return 1 + (os.cpu_count() or 1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the slowest files to the front if tests run side by side; within a file the order stays."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: _place(item.nodeid))


def pytest_collection_finish() -> None:
    """Collect garbage less often: each time, all imported modules are traversed (a tenth of the time, measured)."""
    gc.set_threshold(50_000, 20, 100)


def _place(nodeid: str) -> int:
    return next((at for at, start in enumerate(SLOWEST_FIRST) if nodeid.startswith(start)), len(SLOWEST_FIRST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report a skipped test as failed in CI, which has to install everything that tests need."""
    report = yield
    if os.environ.get("CI") and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"CI must not skip: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def _no_developer_credentials() -> Iterator[None]:
    """Hide the AWS configuration of this machine from the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_REGION", REGION)
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="session", autouse=True)
def _nothing_blocks_the_loop() -> Iterator[None]:
    """Raise `BlockingError` if the code under test makes a blocking call while an event loop runs in its thread."""
    functions = ["chat_core", "adapters", "aws_client", "entrypoints.aws_lambda"]
    # The emulator uses files in its loop: they are on this machine, and small.
    but_files = BlockBuster([*functions, "entrypoints.local", "local_aws"])
    files = BlockBuster(functions)
    for detector, of_files in ((but_files, False), (files, True)):
        for name, function in detector.functions.items():
            if name.startswith(("os.", "io.")) is of_files:
                # The SDK reads its service descriptions during a cold start, before there is an event.
                function.can_block_in("entrypoints/aws_lambda/container.py", {"open_sink"})
                # These let time pass while the pool looks for requests.
                function.can_block_in("tests/aws_client/test_pool.py", {"take"})
                function.activate()
    yield
    files.deactivate()
    but_files.deactivate()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that is shared by all processes of this run of the tests: see `tests.support.once`."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """Start moto's server; return its URL."""
    moto = DomainDispatcherApplication(create_backend_app)
    turns = Lock()

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # DynamoDB's conditions hold between requests that come at once; moto's do not, unless requests take turns.
        with turns if environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_") else nullcontext():
            answer: Iterable[bytes] = moto(environ, start_response)
            return answer

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_QuietHandler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class _QuietHandler(WSGIRequestHandler):
    """Keeps the requests out of the tests' output."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass
