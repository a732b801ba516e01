"""Permissions that a test decides on."""

from collections.abc import Callable

from local_aws.authorization import InvokePermits, Permits


class Ruling(Permits, InvokePermits):
    """Refuses what it is told to, and keeps what it was asked."""

    def __init__(self, refusal: str = "", *, when: Callable[[dict[str, str]], bool] = lambda _: True) -> None:
        self.asked: list[dict[str, str]] = []
        self._refusal = refusal or None
        self._when = when

    def refusal(self, **question: str) -> str | None:
        self.asked.append(question)
        return self._refusal if self._when(question) else None
