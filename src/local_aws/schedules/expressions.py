"""Schedule expressions: `rate(...)` and `cron(...)`.

Source: Amazon EventBridge user guide, "Setting a schedule pattern" (rate and cron expressions). Times are in UTC.
"""

import calendar
import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Protocol

_RATE: Final = re.compile(r"rate\(\s*([1-9]\d*)\s+(minutes?|hours?|days?)\s*\)\Z")
_CRON: Final = re.compile(r"cron\(([^)]*)\)\Z")
_SECONDS: Final = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS: Final = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS: Final = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


class WrongExpression(ValueError):
    """EventBridge would refuse the expression, or it uses a part of the language that is not emulated."""


class Expression(Protocol):
    """When a schedule runs."""

    @abstractmethod
    def following(self, after: datetime) -> datetime | None:
        """Return the first time after this one, or None if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Expression):
    """Every so many seconds, the first time one interval after the start."""

    seconds: int

    def following(self, after: datetime) -> datetime:
        """Return the time one interval later."""
        return after + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron(Expression):
    """At certain minutes of certain days."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    """Days of the month; None if the days of the week count."""
    last_day: bool
    """Whether the last day of the month is among them."""
    months: frozenset[int]
    weekdays: frozenset[int] | None
    """1 is Sunday; None if the days of the month count."""
    years: frozenset[int]

    def following(self, after: datetime) -> datetime | None:
        """Return the first such minute."""
        begin = after.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        day = begin.date()
        while day.year <= max(self.years):
            if self._is_on(day):
                found = self._on(day, begin.time() if day == begin.date() else time())
                if found is not None:
                    return found
            day += timedelta(days=1)
        return None

    def _on(self, day: date, begin: time) -> datetime | None:
        times = (time(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes))
        found = next((each for each in times if each >= begin), None)
        return None if found is None else datetime.combine(day, found, UTC)

    def _is_on(self, day: date) -> bool:
        if day.year not in self.years or day.month not in self.months:
            return False
        if self.weekdays is not None:
            return day.isoweekday() % 7 + 1 in self.weekdays
        is_last = day.day == calendar.monthrange(day.year, day.month)[1]
        return day.day in (self.days or ()) or (self.last_day and is_last)


def parse(expression: str) -> Expression:
    """Return what an expression says.

    Raises:
        WrongExpression: see there.

    """
    if rate := _RATE.match(expression):
        count, unit = int(rate[1]), rate[2]
        if (count == 1) == unit.endswith("s"):
            raise WrongExpression(f"{expression}: one {unit.removesuffix('s')}, or several {unit.removesuffix('s')}s")
        return Rate(seconds=count * _SECONDS[unit.removesuffix("s")])
    cron = _CRON.match(expression)
    fields = cron[1].split() if cron else []
    if len(fields) != 6:  # minutes, hours, day of month, month, day of week, year
        raise WrongExpression(f"{expression}: neither rate(...) nor cron(...) with six fields")
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise WrongExpression(f"{expression}: one of the day of the month and the day of the week must be ?")
    try:
        return Cron(
            minutes=_values(minutes, 0, 59),
            hours=_values(hours, 0, 23),
            days=None if days == "?" else _values(days.replace("L", "") or "1-0", 1, 31, may_be_empty="L" in days),
            last_day=days == "L",
            months=_values(months, 1, 12, _MONTHS),
            weekdays=None if weekdays == "?" else _values(weekdays, 1, 7, _DAYS),
            years=_values(years, _FIRST_YEAR, _LAST_YEAR),
        )
    except ValueError as exc:
        raise WrongExpression(f"{expression}: {exc}") from exc


def _values(
    field: str, first: int, last: int, names: Mapping[str, int] | None = None, *, may_be_empty: bool = False
) -> frozenset[int]:
    """Return the numbers that a field names: `*`, lists, ranges and steps."""
    found: set[int] = set()
    for part in field.split(","):
        bounds, _, step = part.partition("/")
        low, dash, high = bounds.partition("-")
        if bounds == "*":
            begin, end = first, last
        else:
            begin = _number(low, names)
            end = _number(high, names) if dash else (last if step else begin)
        found.update(range(begin, end + 1, int(step) if step else 1))
    if not found and not may_be_empty:
        raise ValueError(f"{field} names nothing")
    if found and not first <= min(found) <= max(found) <= last:
        raise ValueError(f"{field} is not within {first} and {last}")
    return frozenset(found)


def _number(text: str, names: Mapping[str, int] | None) -> int:
    if names and text.upper() in names:
        return names[text.upper()]
    if not text.isdecimal():
        raise ValueError(f"{text!r} is no number that is understood here")
    return int(text)
