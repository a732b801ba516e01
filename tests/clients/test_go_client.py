"""The Go client's own tests, which its authors run against Centrifugo, against the chat."""

import subprocess

import pytest

from tests.clients.address import PORT, known_address, taken
from tests.clients.conftest import HERE, reference
from tests.clients.driver import CACHE
from tests.support.local_stack import local_stack

PROGRAM = CACHE / "go-tests"

RUN = {
    "TestClient_History",
    "TestClient_Presence",
    "TestClient_PresenceStats",
    "TestClient_Publish",
    "TestConcurrentCloseDisconnect",
    "TestGetStateCalledAgainOnUnrecoverablePosition",
    "TestGetStateCalledOnInitialSubscribe",
    "TestGetStateErrorRetried",
    "TestGetStateNotCalledWhenRecoverySucceeds",
    "TestGetStatePersistentFailureKeepsRetrying",
    "TestHandlePublish",
    "TestPublishInvalidJSON",
    "TestPublishJSON",
    "TestStress_AllHandlersDuringReconnect",
    "TestStress_ReconnectWithSlowHandlers",
    "TestStress_ReconnectWithSubscriptions",
    "TestStress_RepeatedForcedReconnects",
    "TestSubscribeError",
    "TestSubscribeSuccess",
    "TestSubscription_Unsubscribe",
}
"""Those that speak JSON with a server."""

LEFT_OUT = {
    "TestConnectWrongAddress": "needs no server",
    "TestErrors": "needs no server",
    "TestLogLevel": "needs no server",
    "TestStress_CloseWhileReconnecting": "needs no server",
    "TestStress_ConcurrentCloseWhileReconnecting": "needs no server",
    "TestDisconnect": "speaks Protobuf",
    "TestPublishProtobuf": "speaks Protobuf",
    "TestSuccessfulConnect": "speaks Protobuf",
    "TestHandlePublishFossil": "demands delta compression, which the chat declines",
    "TestConcurrentPublishSubscribe": "passes, and takes a minute: 1,000 messages to up to 100 clients",
    "TestConcurrentPublishSubscribeDisconnect": "sends more than MessageRate allows (111); without a rate it passes",
}
"""Why a test is not run, by its name."""

LEFT_OUT_FAMILIES = {
    "TestCbQueue_": "needs no server",
    "TestCompaction": "has a server of its own, in Protobuf",
    "TestFilterBuilder": "needs no server",
    "TestInvalidate": "has a server of its own, in Protobuf",
    "TestNewSubscriptionRejects": "needs no server",
    "TestSetTagsFilter": "has a server of its own, in Protobuf",
    "TestStaleSubscribeReply": "has a server of its own, in Protobuf",
    "TestSubscribeRequestCarriesTagsFilter": "has a server of its own, in Protobuf",
    "TestSubscribeWithoutFilter": "has a server of its own, in Protobuf",
    "TestUnsubscribe2502": "has a server of its own, in Protobuf",
    "TestUnsubscribeBelow2500": "has a server of its own, in Protobuf",
}
"""Why tests whose names begin like this are not run."""


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the program of the client's tests."""
    if not PROGRAM.exists():
        pytest.skip("the Go client's tests are not here: make clients")
    return subprocess.run([str(PROGRAM), *arguments], capture_output=True, text=True, timeout=110, check=False)


def test_each_test_is_run_or_left_out_for_a_reason() -> None:
    """A new version of the client may bring tests that nobody has looked at."""
    there = {name for name in run("-test.list", ".").stdout.split() if name.startswith("Test")}
    families = tuple(LEFT_OUT_FAMILIES)
    assert {name for name in there if not name.startswith(families)} == RUN | set(LEFT_OUT)


@pytest.mark.skipif(reference(), reason="Centrifugo's authors do that")
def test_go_clients_own_tests_pass() -> None:
    """What its authors expect of a server, unmodified but for the address, behind which the chat is."""
    if taken():
        pytest.skip(f"another program has port {PORT}, which the Go client's tests connect to")
    with local_stack("--rooms", str(HERE / "rooms-of-go.json")) as stack:
        port, path = stack.ws_url.removeprefix("ws://127.0.0.1:").split("/", 1)
        with known_address((int(port), f"/{path}?protocol=centrifuge")):
            done = run("-test.v", "-test.run", f"^({'|'.join(sorted(RUN))})$")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("--- PASS: ") == len(RUN)
