"""Permissions that a test sets."""

from collections.abc import Callable

from local_aws.authorization import InvokePermissionChecker, PermissionChecker


class FixedPermissions(PermissionChecker, InvokePermissionChecker):
    """Denies what the test has set, and records the requests."""

    def __init__(self, reason: str = "", *, when: Callable[[dict[str, str]], bool] = lambda _: True) -> None:
        self.asked: list[dict[str, str]] = []
        self._reason = reason or None
        self._when = when

    def denial_reason(self, **request: str) -> str | None:
        self.asked.append(request)
        return self._reason if self._when(request) else None
