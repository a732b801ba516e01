"""The identities of a stack's functions: an access key for each, and the role behind it."""

import secrets
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from local_aws.authorization import Credential
from local_aws.config import ApiConfig, Deployment, FunctionConfig
from local_aws.iam import FunctionPolicies, Principal, Principals, Roles

_TEMPORARY = "ASIA"
_KEY_CHARACTERS = string.ascii_uppercase + "234567"


@dataclass(frozen=True, kw_only=True)
class Identities:
    """The credentials of the functions, new in each run, and the permissions behind them."""

    credentials: Mapping[str, Credential]
    """By access key id."""
    principals: Mapping[str, Principal]
    roles: Roles
    """The roles that `permits` and `invoke_permits` evaluate."""
    permits: Principals
    invoke_permits: FunctionPolicies
    notices: tuple[str, ...]
    """What is not enforced, as lines for the log."""
    _keys: Mapping[str, str]
    """The access key ids, by the function's ARN."""

    @classmethod
    def of(cls, deployment: Deployment) -> "Identities":
        """Give each function an access key."""
        roles = Roles(deployment.roles, ids=deployment.physical_ids)
        unique_ids = {each.arn: each.unique_id for each in deployment.roles}
        keys = {each.arn: _new_key_id() for each in deployment.functions}
        principals = {
            keys[each.arn]: Principal(role_arn=each.role_arn, session_name=each.name, function=each.logical_id)
            for each in deployment.functions
        }
        return cls(
            credentials={key: _credential(each, unique_ids.get(each.role_arn, "")) for key, each in principals.items()},
            principals=principals,
            roles=roles,
            permits=Principals(principals, roles=roles),
            invoke_permits=FunctionPolicies(
                deployment.functions, ids=deployment.physical_ids, roles=roles, credentials=_invokers(deployment.apis)
            ),
            notices=(*roles.notices, *_foreign(deployment, roles)),
            _keys=keys,
        )

    def key(self, function_arn: str) -> tuple[str, str, str | None]:
        """Return a function's access key id, its secret, and its session token."""
        key = self._keys[function_arn]
        credential = self.credentials[key]
        return key, credential.secret_access_key, credential.session_token

    def variables(self, function: FunctionConfig) -> dict[str, str]:
        """Return the environment variables in which Lambda passes the credentials of the role to a function."""
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        return {name: value or "" for name, value in zip(names, self.key(function.arn), strict=True)}


def _invokers(apis: Iterable[ApiConfig]) -> dict[tuple[str, str], str]:
    """Return the roles that API Gateway assumes, by the ARNs of the function and of the source."""
    found: dict[tuple[str, str], str] = {}
    for api in apis:
        for route in api.routes.values():
            if route.integration is not None:
                source = api.arn(f"{api.stage}/{route.key}")
                found[route.integration.function_arn, source] = route.integration.credentials_arn
            if route.authorizer is not None:
                source = api.arn(f"authorizers/{route.authorizer.id}")
                found[route.authorizer.function_arn, source] = route.authorizer.credentials_arn
    return {request: role for request, role in found.items() if role}


def _new_key_id() -> str:
    return _TEMPORARY + "".join(secrets.choice(_KEY_CHARACTERS) for _ in range(16))


def _credential(principal: Principal, unique_id: str) -> Credential:
    return Credential(
        secret_access_key=secrets.token_urlsafe(30),
        session_token=secrets.token_urlsafe(48),
        account=principal.role_arn.split(":")[4] if principal.role_arn else "",
        principal_id=f"{unique_id}:{principal.session_name}" if unique_id else "",
        principal_arn=principal.arn,
    )


def _foreign(deployment: Deployment, roles: Roles) -> list[str]:
    named = {each.arn for each in deployment.roles}
    return [
        f"Not enforced: the permissions of {each.logical_id}: its role is not the template's: {each.role_arn}"
        for each in deployment.functions
        if each.role_arn not in named and each.role_arn not in roles
    ]
