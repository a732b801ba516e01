"""The users behind connections."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The authenticated user behind a connection."""

    id: str
    """As the issuer of the token names the user; never empty."""
