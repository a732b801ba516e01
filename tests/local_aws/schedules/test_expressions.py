"""`rate` and `cron`, as EventBridge documents them."""

from datetime import UTC, datetime

import pytest

from local_aws.schedules.expressions import WrongExpression, parse


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("rate(1 minute)", 60), ("rate(8 minutes)", 480), ("rate(2 hours)", 7200), ("rate(1 day)", 86400)],
)
def test_rate_counts_from_the_start(expression: str, seconds: int) -> None:
    """The first run comes one interval after it."""
    start = at("2026-11-27 09:00:30")
    following = parse(expression).following(start)
    assert following is not None
    assert (following - start).total_seconds() == seconds


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("cron(0 10 * * ? *)", "2026-11-27 09:00", "2026-11-27 10:00"),
        ("cron(0 10 * * ? *)", "2026-11-27 10:00", "2026-11-28 10:00"),
        ("cron(15 12 ? * MON-FRI *)", "2026-11-27 13:00", "2026-11-30 12:15"),
        ("cron(0/5 8-17 ? * 2-6 *)", "2026-11-27 17:56", "2026-11-30 08:00"),
        ("cron(0/15 * * * ? *)", "2026-11-27 23:50", "2026-11-28 00:00"),
        ("cron(0 8 1 * ? *)", "2026-11-27 09:00", "2026-12-01 08:00"),
        ("cron(0 9 L * ? *)", "2026-11-27 09:00", "2026-11-30 09:00"),
        ("cron(0 9 L 2 ? *)", "2026-11-27 09:00", "2027-02-28 09:00"),
        ("cron(30 6,18 * JAN,jul ? 2027)", "2026-11-27 09:00", "2027-01-01 06:30"),
        ("cron(0 0 ? * SUN *)", "2026-11-27 09:00", "2026-11-29 00:00"),
        ("cron(0 0 29 2 ? *)", "2026-11-27 09:00", "2028-02-29 00:00"),
    ],
)
def test_cron_finds_the_next_minute(expression: str, after: str, expected: str) -> None:
    """In UTC. Sunday is the first day of a week."""
    assert parse(expression).following(at(after)) == at(expected)


def test_schedule_of_a_year_that_is_over_has_no_next_run() -> None:
    """It never runs again."""
    assert parse("cron(0 0 1 1 ? 2020)").following(at("2026-11-27 09:00")) is None


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(2 minute)",
        "rate(5 seconds)",
        "at(2026-11-27T09:00:00)",
        "cron(* * * * *)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 0 ? * 2#1 *)",
        "cron(0 0 15W * ? *)",
        "cron(0 0 ? * 6L *)",
        "cron(5-1 0 * * ? *)",
        "cron(0 0 * FOO ? *)",
        "cron(0/0 0 * * ? *)",
    ],
)
def test_expression_that_is_refused(expression: str) -> None:
    """EventBridge refuses it, or it is a part of the language that is not emulated."""
    with pytest.raises(WrongExpression):
        parse(expression)
