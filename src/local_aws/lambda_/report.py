"""The lines that Lambda itself writes to a function's log.

Source: AWS Lambda Developer Guide, "Sending Lambda function logs" and "Lambda execution environment lifecycle".
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from local_aws.lambda_.invocation import TIMED_OUT, Failure

ERROR_MARK = "[ERROR] "
"""The beginning of the runtime client's line about an exception. Log records have a tab after the level."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The figures of one run."""

    request_id: str
    duration_ms: float
    memory_mb: int
    peak_memory_mb: int | None
    """None if the operating system does not provide it."""
    init_ms: float | None
    """None except for the first event of an environment."""
    failure: Failure | None = None


def start_line(request_id: str) -> str:
    """Return the line before anything that the handler writes."""
    return f"START RequestId: {request_id} Version: $LATEST"


def end_line(request_id: str) -> str:
    """Return the line after everything that the handler wrote."""
    return f"END RequestId: {request_id}"


def report_line(report: Report) -> str:
    """Return the line with the figures of a run. Since August 2025 initialization is always billed."""
    billed_ms = math.ceil(report.duration_ms + (report.init_ms or 0))
    fields = [
        f"REPORT RequestId: {report.request_id}",
        f"Duration: {report.duration_ms:.2f} ms",
        f"Billed Duration: {billed_ms} ms",
        f"Memory Size: {report.memory_mb} MB",
    ]
    if report.peak_memory_mb is not None:
        fields.append(f"Max Memory Used: {report.peak_memory_mb} MB")
    if report.init_ms is not None:
        fields.append(f"Init Duration: {report.init_ms:.2f} ms")
    if report.failure is not None and not report.failure.reported:
        fields += _status(report.failure)
    return "\t".join(fields)


def init_report_line(init_ms: float, failure: Failure) -> str:
    """Return the line about a failed initialization; Lambda writes none about a successful one."""
    return "\t".join([f"INIT_REPORT Init Duration: {init_ms:.2f} ms", "Phase: init", *_status(failure)])


def failure_lines(request_id: str, failure: Failure) -> list[str]:
    """Return Lambda's lines about the reason of a failure; none if the function has logged it."""
    if failure.reported:
        return []
    if failure.error_type == TIMED_OUT:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return [f"{now} {request_id} {failure.message}"]
    return [f"RequestId: {request_id} Error: {failure.message}", failure.error_type]


def with_source(line: str, source: str) -> str:
    """Append the source of an event, which Lambda does not know and a developer looks for first."""
    return f"{line} [{source}]" if source else line


def _status(failure: Failure) -> list[str]:
    if failure.error_type == TIMED_OUT:
        return ["Status: timeout"]
    return ["Status: error", f"Error Type: {failure.error_type}"]
