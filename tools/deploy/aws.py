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
"""Where `make aws-tools` puts it: its pinned botocore is another than aioboto3's."""


class Aws:
    """`aws` with its options: call it with a command's words."""

    def __init__(self, *, region: str | None, profile: str | None) -> None:
        self._program = program()
        self.profile = profile
        self._profile = ["--profile", profile] if profile else []
        self.region = region or self._configured_region()
        caller = self._caller()
        self.account = str(caller["Account"])
        self.partition = str(caller["Arn"]).split(":")[1]
        """`aws`, or what stands for it in the ARNs of China and of governments."""

    def __call__(self, *command: str, **options: Any) -> Any:
        """Run the command; return its answer, or None where there is nothing in it.

        Args:
            command: Such as `"cloudformation", "describe-stacks"`.
            options: Its options: `stack_name="chat"` for `--stack-name chat`. True stands for a flag; what is not a
                text is passed as JSON.

        Raises:
            AwsFailed: it failed.

        """
        words = [*command, "--region", self.region]
        for name, value in options.items():
            words.append(f"--{name.replace('_', '-')}")
            if value is not True:
                words.append(value if isinstance(value, str) else json.dumps(value))
        printed = self._run(words)
        # Some answer nothing, and `package` a text for people.
        return json.loads(printed) if printed.startswith(("{", "[")) else None

    def _run(self, words: Sequence[str]) -> str:
        command = [self._program, *words, *self._profile, "--output", "json"]
        # A pager, which version 2 has, would wait for a key.
        environment = os.environ | {"AWS_PAGER": ""}
        done = subprocess.run(  # noqa: S603 - our own arguments
            command, capture_output=True, text=True, check=False, env=environment, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            raise AwsFailed(" ".join(words[:2]), done.stderr.strip())
        return done.stdout

    def _configured_region(self) -> str:
        # Version 1 reads the second name alone, the SDKs the first.
        found = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or self._region_of_profile()
        if not found:
            raise DeployError("No region: give one (REGION=eu-west-1), or set it with `aws configure`.")
        return found

    def _region_of_profile(self) -> str:
        try:
            return self._run(["configure", "get", "region"]).strip()
        except AwsFailed:
            # That is how it says that none is set.
            return ""

    def _caller(self) -> dict[str, Any]:
        try:
            caller: dict[str, Any] = self("sts", "get-caller-identity")
        except AwsFailed as exc:
            raise DeployError(
                "AWS does not let you in. Sign in (`aws configure sso`, `aws sso login`, or `aws configure`), or name "
                f"a profile that is signed in (PROFILE=name).\naws said: {exc.said}"
            ) from exc
        return caller


def program() -> str:
    """Return where it is: ours, or else the one on the path.

    Raises:
        DeployError: there is none.

    """
    found = str(OWN) if OWN.exists() else shutil.which("aws")
    if found is None:
        raise DeployError("AWS's command line is not here: `make aws-tools` puts it into .venv-deploy.")
    return found
