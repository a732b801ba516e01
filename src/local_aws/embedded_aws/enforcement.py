"""The roles of the stack, kept as they are in the embedded cloud, by both of those who judge: the gateway and it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from local_aws.config import Deployment, RoleConfig
from local_aws.embedded_aws import EmbeddedAws
from local_aws.embedded_aws.access import enforce, roles
from local_aws.errors import EmbeddedAwsFailed
from local_aws.iam.identities import Identities


class Enforcement:
    """Has requests refused that the roles do not allow, and follows what becomes of them by IAM's API."""

    def __init__(
        self,
        cloud: EmbeddedAws,
        deployment: Deployment,
        identities: Identities,
        *,
        dynamodb_endpoint: str | None,
        log: Callable[[str], None],
    ) -> None:
        """Take what is to be held to its permissions.

        Args:
            cloud: Judges what functions ask of it.
            deployment: The stack, which says whose roles count.
            identities: Who the functions are, and what the gateway judges by.
            dynamodb_endpoint: Answers what the functions ask of DynamoDB, in place of the embedded cloud.
            log: Takes one line at a time.

        """
        self._cloud = cloud
        self._deployment = deployment
        self._identities = identities
        self._dynamodb_endpoint = dynamodb_endpoint
        self._log = log

    async def start(self) -> None:
        """Hold the functions to the roles that were deployed.

        Raises:
            EmbeddedAwsFailed: the embedded cloud has ended.

        """
        await asyncio.to_thread(self._enforce, self._deployment.roles)

    async def run(self) -> None:
        """Follow the roles until cancelled, or until the embedded cloud ends."""
        try:
            while True:
                await self._cloud.roles_changed.wait()
                self._cloud.roles_changed.clear()
                await self._read_again()
        except EmbeddedAwsFailed:
            # Whoever needs it next will say so.
            return

    async def _read_again(self) -> None:
        deployed = self._deployment.roles
        names = {each.name: each.logical_id for each in deployed}
        found = {each.arn: each for each in await asyncio.to_thread(roles, self._cloud.endpoint, names)}
        # One that was deleted allows nothing; one that is not known would allow everything.
        current = [found.get(each.arn) or replace(each, policies=(), elsewhere=()) for each in deployed]
        before = set(self._identities.roles.notices)
        self._identities.roles.replace(current)
        await asyncio.to_thread(self._enforce, current)
        self._log("Permissions: read again, since IAM was asked for a change")
        for notice in self._identities.roles.notices:
            if notice not in before:
                self._log(notice)

    def _enforce(self, current: Sequence[RoleConfig]) -> None:
        enforce(
            self._cloud.endpoint,
            principals=self._identities.principals,
            roles=current,
            physical_ids=self._deployment.physical_ids,
            dynamodb_endpoint=self._dynamodb_endpoint,
        )
