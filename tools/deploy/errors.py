"""The errors that end a deploy.

DeployError         printed for the user, without a traceback
  AwsFailed         an `aws` command failed; the text is AWS's
"""


class DeployError(Exception):
    """The deploy cannot continue; the text says why, and what to do."""


class AwsFailed(DeployError):
    """An `aws` command failed."""

    def __init__(self, command: str, said: str) -> None:
        super().__init__(f"`aws {command}` failed: {said}")
        self.said = said
