"""The errors of a start: in the template, in the options, or in the embedded AWS."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self


class TemplateError(Exception):
    """The template, or a value of its parameters, is wrong or unsupported."""

    def __init__(self, resource: str | None, reason: str) -> None:
        super().__init__(f"{resource}: {reason}" if resource else reason)
        self.resource = resource
        """The logical id of the resource at fault, with the nested stack's prefix: `Api/ConnectRoute`."""
        self.reason = reason
        """The reason, as text for the log."""

    @classmethod
    def read(cls, message: str) -> Self:
        """Parse the message that moto_server/extensions.py writes if a resource cannot be created.

        Any other text is taken as the reason.
        """
        try:
            told = json.loads(message)
            return cls(told["resource"], told["reason"])
        except (ValueError, KeyError, TypeError):
            return cls(None, message)

    def inside(self, stack: str) -> Self:
        """Return the same error from the view of the template that nests this one as the logical id `stack`."""
        return type(self)(f"{stack}/{self.resource}" if self.resource else stack, self.reason)


class EmbeddedAwsFailed(Exception):
    """The embedded AWS, or a service that is used instead of it, did not start or does not respond."""


@contextmanager
def nested_in(stack: str) -> Iterator[None]:
    """Add the nested stack to the errors of the block."""
    try:
        yield
    except TemplateError as exc:
        raise exc.inside(stack) from exc
