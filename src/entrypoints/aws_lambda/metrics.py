"""What became of broadcasts, for CloudWatch, in its embedded metric format: a line of the log that it reads.

Source: CloudWatch user guide, "Specification: Embedded metric format". Lambda passes a line on as it is where it is
JSON already (Lambda developer guide, "Working with structured JSON logs"). A library for this costs 70 ms of every cold
start; it is a line of JSON.
"""

import json
import os
import sys
import time

from chat_core import BroadcastReport

NAMESPACE = "ServerlessWebSocketChat"
_UNITS = {"Delivered": "Count", "Gone": "Count", "Failed": "Count", "Retried": "Count", "Duration_ms": "Milliseconds"}


def record(report: BroadcastReport, *, started: float) -> None:
    """Write the metrics of one broadcast, or of a worker's part of one; nothing where no service is named.

    Args:
        report: what became of it.
        started: when it began, on the scale of `time.monotonic()`.

    """
    service = os.environ.get("CHAT_SERVICE")
    if service:
        print(json.dumps(embedded(report, service=service, seconds=time.monotonic() - started)), file=sys.stdout)


def embedded(report: BroadcastReport, *, service: str, seconds: float) -> dict[str, object]:
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
        "Failed": report.failed.total(),
        "Retried": report.retried,
        "Duration_ms": round(seconds * 1000, 1),
    }
