"""Turns the permission check on, and keeps the gateway's roles up to date."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from local_aws.config import Deployment
from local_aws.embedded_aws import EmbeddedAws
from local_aws.embedded_aws.access import enforce, roles
from local_aws.errors import EmbeddedAwsFailed
from local_aws.iam.identities import Identities


class Enforcement:
    """Turns the permission check of the embedded AWS on, and keeps the gateway's copy of the roles up to date."""

    def __init__(
        self,
        aws: EmbeddedAws,
        deployment: Deployment,
        identities: Identities,
        *,
        dynamodb_endpoint: str | None,
        log: Callable[[str], None],
    ) -> None:
        """Take the stack, and the embedded AWS that it is deployed to.

        Args:
            aws: Checks the requests of the functions.
            deployment: The stack, whose roles count.
            identities: The access keys of the functions, and the roles that the gateway checks.
            dynamodb_endpoint: Answers the functions' requests to DynamoDB instead of the embedded AWS.
            log: Takes one line at a time.

        """
        self._aws = aws
        self._deployment = deployment
        self._identities = identities
        self._dynamodb_endpoint = dynamodb_endpoint
        self._log = log

    async def start(self) -> None:
        """Have the embedded AWS check the functions' requests from now on.

        Raises:
            EmbeddedAwsFailed: the embedded AWS has ended.

        """
        await asyncio.to_thread(
            enforce,
            self._aws.endpoint,
            principals=self._identities.principals,
            roles=self._deployment.roles,
            physical_ids=self._deployment.physical_ids,
            dynamodb_endpoint=self._dynamodb_endpoint,
        )

    async def run(self) -> None:
        """Follow the roles until cancelled, or until the embedded AWS ends."""
        try:
            while True:
                await self._aws.roles_changed.wait()
                self._aws.roles_changed.clear()
                await self._read_again()
        except EmbeddedAwsFailed:
            # The emulator reports that by itself.
            return

    async def _read_again(self) -> None:
        deployed = self._deployment.roles
        names = {each.name: each.logical_id for each in deployed}
        found = {each.arn: each for each in await asyncio.to_thread(roles, self._aws.endpoint, names)}
        # A role that was deleted allows nothing. A role that is missing here would allow everything.
        current = [found.get(each.arn) or replace(each, policies=(), elsewhere=()) for each in deployed]
        before = set(self._identities.roles.notices)
        self._identities.roles.replace(current)
        self._log("Permissions: read again after a change")
        for notice in self._identities.roles.notices:
            if notice not in before:
                self._log(notice)
