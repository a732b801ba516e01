"""What ends a deploy.

DeployError         told to the person in its own words, without a traceback
  AwsFailed         a command of `aws` failed; its text is AWS's
"""


class DeployError(Exception):
    """The deploy cannot go on; the text says why, and what to do."""


class AwsFailed(DeployError):
    """A command of `aws` failed."""

    def __init__(self, command: str, said: str) -> None:
        super().__init__(f"`aws {command}` failed: {said}")
        self.said = said
