"""What a client of the fan-out is told, and what it sends."""

from dataclasses import dataclass

PAYLOAD = "x" * 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to post to, and how many posts may be under way at once; None leaves that to the client."""

    url: str
    """The API's stage, without a slash at its end."""
    concurrency: int | None = None


def connection_ids(count: int) -> list[str]:
    """Return ids of the length and the letters that API Gateway's have."""
    return [f"{number:06d}vcvHcCIhw=" for number in range(count)]
