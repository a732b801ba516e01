"""How much a sender may send."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """The rate of one sender: a bucket of `burst` tokens that fills at `per_second`.

    A limiter keeps the time at which a sender's next message is due (the generic cell rate algorithm, ITU-T I.371): one
    number for each sender, and no counter to reset.
    """

    per_second: float
    """Messages a second on average; more than 0."""
    burst: int
    """Messages at once, after a pause; at least 1."""

    def __post_init__(self) -> None:
        if not (self.per_second > 0 and self.burst >= 1):
            raise ValueError("a rate is more than 0 a second, and its burst is at least 1")

    @property
    def interval(self) -> float:
        """Seconds between two messages of a sender that sends evenly."""
        return 1 / self.per_second

    @property
    def slack(self) -> float:
        """By how many seconds a message may come before it is due."""
        return (self.burst - 1) * self.interval
