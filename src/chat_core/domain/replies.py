"""What a command answers to the client that sent it."""

from dataclasses import dataclass

from chat_core.domain.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message was sent."""

    sender: str
    """The id of the connection that it came from."""
    report: Report
    """How many recipients it reached."""


Reply = Sent
"""Every reply."""
