"""What can be wrong with a template, and with the cloud that it is deployed to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self


class TemplateError(Exception):
    """The template cannot be deployed, as it stands or as it is given its parameters."""

    def __init__(self, resource: str | None, reason: str) -> None:
        super().__init__(f"{resource}: {reason}" if resource else reason)
        self.resource = resource
        """The logical id at fault, after those of the nested stacks that it is in: `Api/ConnectRoute`."""
        self.reason = reason
        """What is wrong, for a person to read."""

    @classmethod
    def read(cls, message: str) -> Self:
        """Read what moto_server/extensions.py writes of a resource that could not be created.

        Any other text is a reason.
        """
        try:
            told = json.loads(message)
            return cls(told["resource"], told["reason"])
        except (ValueError, KeyError, TypeError):
            return cls(None, message)

    def inside(self, stack: str) -> Self:
        """Return the same error, as the template sees it that nests this one under the logical id `stack`."""
        return type(self)(f"{stack}/{self.resource}" if self.resource else stack, self.reason)


class EmbeddedAwsFailed(Exception):
    """The embedded cloud, or a service that is used in its place, did not start or does not answer."""


@contextmanager
def nested_in(stack: str) -> Iterator[None]:
    """Let errors name the nested stack that they come from."""
    try:
        yield
    except TemplateError as exc:
        raise exc.inside(stack) from exc
