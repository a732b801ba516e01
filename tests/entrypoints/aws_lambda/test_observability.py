"""What the functions tell those who run them, and what they never tell."""

import json
import logging
from collections import Counter
from typing import Any

import pytest

from chat_core import Outcome, Report
from entrypoints.aws_lambda import metrics
from tests.support.events import CONNECTION_ID, connect, disconnect, message
from tests.support.functions import Functions

SECRET = "do-not-log-this"  # what a client sent


def test_metrics_are_in_the_form_that_cloudwatch_reads() -> None:
    """Specification of the embedded metric format: `_aws` names the members that are metrics."""
    report = Report(delivered=3, gone=1, failed=Counter({Outcome.THROTTLED: 2}), retried=4)
    line = metrics.embedded(report, service="chat", seconds=0.25)
    (directive,) = line["_aws"]["CloudWatchMetrics"]  # type: ignore[index]
    assert (directive["Namespace"], directive["Dimensions"]) == ("ServerlessWebSocketChat", [["Service"]])
    named = {each["Name"]: line[each["Name"]] for each in directive["Metrics"]}
    assert named == {"Delivered": 3, "Gone": 1, "Failed": 2, "Retried": 4, "Duration_ms": 250.0}
    assert line["Service"] == "chat"
    assert isinstance(line["_aws"]["Timestamp"], int)  # type: ignore[index]


def test_a_broadcast_writes_its_metrics_where_a_service_is_named(
    functions: Functions,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line, JSON and nothing else, for CloudWatch to find."""
    functions("connect", connect())
    functions.receives()
    event = message(json.dumps({"action": "sendmessage", "data": "hi"}))
    functions("send_message", event)
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("CHAT_SERVICE", "chat")
    functions("send_message", event)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["Delivered"] == 1


def test_what_reaches_nobody_has_no_metrics(
    functions: Functions, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its duration would count as that of a delivery."""
    monkeypatch.setenv("CHAT_SERVICE", "chat")
    functions("keep_alive", {})
    assert capsys.readouterr().out == ""


def test_a_record_says_what_became_of_a_broadcast(functions: Functions, caplog: pytest.LogCaptureFixture) -> None:
    """As an object, which Lambda's JSON format takes as it is."""
    caplog.set_level(logging.INFO)
    functions("connect", connect())
    functions.receives()
    functions("send_message", message(json.dumps({"action": "sendmessage", "data": "hi"})))
    (record,) = records(caplog)
    assert record.msg == {
        "connectionId": CONNECTION_ID,
        "route": "sendmessage",
        "replies": 1,
        "broadcast": {
            "delivered": 1, "gone": 0, "failed": {}, "retried": 0, "closed": 0, "notRemoved": 0, "rounds": 1,
            "continues": False,
        },
    }  # fmt: skip


def test_a_record_says_what_became_of_telling_who_has_left(
    announcing: Functions, caplog: pytest.LogCaptureFixture
) -> None:
    """The end of a connection that nobody is told of leads to none."""
    caplog.set_level(logging.INFO)
    announcing("connect", connect())
    announcing("disconnect", disconnect())
    assert records(caplog)[-1].msg["broadcast"]["rounds"] == 1
    before = len(records(caplog))
    announcing("disconnect", disconnect())
    assert len(records(caplog)) == before


def test_a_record_says_what_became_of_the_keep_alive(functions: Functions, caplog: pytest.LogCaptureFixture) -> None:
    """It has no connection."""
    caplog.set_level(logging.INFO)
    functions.joins()
    functions("keep_alive", {})
    assert records(caplog)[-1].msg["broadcast"]["delivered"] == 1


def records(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [each for each in caplog.records if each.name.startswith("entrypoints")]


@pytest.mark.parametrize("state", ["functions", "broken"])
def test_nothing_that_a_client_sent_is_logged(
    state: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither data nor tokens, whether the request succeeds or fails."""
    caplog.set_level(logging.DEBUG)
    these: Functions = request.getfixturevalue(state)
    headers = {"Authorization": SECRET, "Sec-WebSocket-Protocol": f"centrifuge-json, {SECRET}", "Cookie": SECRET}
    for query in (None, {"token": SECRET}, {"protocol": SECRET}):
        these("connect", connect(headers, query))
    commands = [
        {"id": 1, "connect": {"token": SECRET, "name": SECRET}},
        {"id": 2, "subscribe": {"channel": SECRET}},
        {"id": 3, "publish": {"channel": SECRET, "data": SECRET}},
        {"id": 4, "history": {"channel": SECRET}},
        {"id": 5, SECRET: {}},
    ]
    these("default", message("\n".join(map(json.dumps, commands)), "$default"))
    for body in (f'{{"action":"sendmessage","data":"{SECRET}"}}', SECRET, f'{{"action":"{SECRET}","ref":"{SECRET}"}}'):
        these("send_message", message(body))
        these("default", message(body, "$default"))
    these("disconnect", disconnect())
    written = capsys.readouterr()
    assert SECRET not in caplog.text + written.out + written.err
    assert SECRET not in repr([(each.msg, each.args) for each in caplog.records])
