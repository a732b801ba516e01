"""Schedules that invoke functions: the rules of Amazon EventBridge with a `ScheduleExpression`."""

__all__: list[str] = []
