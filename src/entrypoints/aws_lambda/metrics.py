"""Metrics of deliveries in CloudWatch's embedded metric format: a line of the log that CloudWatch reads.

Source: CloudWatch user guide, "Specification: Embedded metric format". Lambda leaves a line unchanged if it is JSON
already (Lambda developer guide, "Working with structured JSON logs"). A library for this costs 70 ms of every cold
start, for a line of JSON.
"""

import json
import os
import sys
import time

from chat_core import Report

NAMESPACE = "ServerlessWebSocketChat"
_UNITS = {"Delivered": "Count", "Gone": "Count", "Failed": "Count", "Retried": "Count", "Duration_ms": "Milliseconds"}


def record(report: Report, *, started: float) -> None:
    """Write the metrics of one delivery, or of a worker's part of one.

    Nothing is written if there was no recipient, or if no service is named.

    Args:
        report: what became of the delivery.
        started: when it began, on the scale of `time.monotonic()`.

    """
    service = os.environ.get("CHAT_SERVICE")
    if service and report.delivered + report.gone + report.failures:
        print(json.dumps(embedded(report, service=service, seconds=time.monotonic() - started)), file=sys.stdout)


def embedded(report: Report, *, service: str, seconds: float) -> dict[str, object]:
    """Return the metrics as CloudWatch reads them."""
    metrics = [{"Name": name, "Unit": unit} for name, unit in _UNITS.items()]
    return {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["Service"]], "Metrics": metrics}],
        },
        "Service": service,
        "Delivered": report.delivered,
        "Gone": report.gone,
        "Failed": report.failures,
        "Retried": report.retried,
        "Duration_ms": round(seconds * 1000, 1),
    }
