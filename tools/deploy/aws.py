"""AWS's command line, in one region and for one account."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.deploy.errors import AwsFailed, DeployError

OWN = Path(__file__).parents[2] / ".venv-deploy" / "bin" / "aws"
"""Installed by `make aws-tools`: it pins another version of botocore than aioboto3."""


class Aws:
    """Runs `aws` commands in one region, with one profile."""

    def __init__(self, *, region: str | None, profile: str | None) -> None:
        self._program = program()
        self.profile = profile
        self._profile = ["--profile", profile] if profile else []
        self.region = region or self._configured_region()
        caller = self._caller()
        self.account = str(caller["Account"])
        self.partition = str(caller["Arn"]).split(":")[1]
        """`aws`, or the partition of China or a government region."""

    def __call__(self, *command: str, **options: Any) -> Any:
        """Run a command; return its JSON output, or None if there is none.

        Args:
            command: Such as `"cloudformation", "describe-stacks"`.
            options: Its options: `stack_name="chat"` for `--stack-name chat`. True stands for a flag; values
                other than text are passed as JSON.

        Raises:
            AwsFailed: The command failed.

        """
        words = [*command, "--region", self.region]
        for name, value in options.items():
            words.append(f"--{name.replace('_', '-')}")
            if value is not True:
                words.append(value if isinstance(value, str) else json.dumps(value))
        printed = self._run(words)
        # Some commands print nothing, and `package` prints text for people.
        return json.loads(printed) if printed.startswith(("{", "[")) else None

    def _run(self, words: Sequence[str]) -> str:
        command = [self._program, *words, *self._profile, "--output", "json"]
        # The pager of version 2 would wait for a key.
        environment = os.environ | {"AWS_PAGER": ""}
        done = subprocess.run(  # noqa: S603 - our own arguments
            command, capture_output=True, text=True, check=False, env=environment, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            raise AwsFailed(" ".join(words[:2]), done.stderr.strip())
        return done.stdout

    def _configured_region(self) -> str:
        # Version 1 reads only the second variable, the SDKs the first.
        found = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or self._region_of_profile()
        if not found:
            raise DeployError("No region: give one (REGION=eu-west-1), or set it with `aws configure`.")
        return found

    def _region_of_profile(self) -> str:
        try:
            return self._run(["configure", "get", "region"]).strip()
        except AwsFailed:
            # The command fails if no region is set.
            return ""

    def _caller(self) -> dict[str, Any]:
        try:
            caller: dict[str, Any] = self("sts", "get-caller-identity")
        except AwsFailed as exc:
            raise DeployError(
                "AWS rejects your credentials. Sign in (`aws configure sso`, `aws sso login`, or `aws configure`), or "
                f"name a profile that is signed in (PROFILE=name).\nOutput of aws: {exc.said}"
            ) from exc
        return caller


def program() -> str:
    """Return the path of `aws`: that of `make aws-tools` if it is installed, else the one on the path.

    Raises:
        DeployError: There is none.

    """
    found = str(OWN) if OWN.exists() else shutil.which("aws")
    if found is None:
        raise DeployError("AWS's command line is not installed: `make aws-tools` installs it into .venv-deploy.")
    return found
