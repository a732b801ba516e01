"""The parameters of a client of the fan-out, and its payload."""

from dataclasses import dataclass

PAYLOAD = "x" * 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The URL to post to, and the number of posts at once; None leaves that number to the client."""

    url: str
    """The URL of the API's stage, without a trailing slash."""
    concurrency: int | None = None


def connection_ids(count: int) -> list[str]:
    """Return ids that look like API Gateway's: the same length and the same letters."""
    return [f"{number:06d}vcvHcCIhw=" for number in range(count)]
