"""A log that suppresses repeated lines."""

from local_aws.log_dedup import QUIET_SECONDS, DedupLog


def test_a_line_is_repeated_only_after_a_while() -> None:
    """One frequent line must not hide the others."""
    lines: list[str] = []
    now = 0.0
    log = DedupLog(lines.append, clock=lambda: now)
    for line in ("a", "b", "a"):
        log(line)
    now = QUIET_SECONDS
    log("a")
    assert lines == ["a", "b", "a"]
