"""The permission check in front of moto: requests of the stack's functions need the permission of their roles.

Requests with another access key, or with none, pass: a developer may look into everything.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from local_aws.config import RoleConfig
from local_aws.iam import Principal, Principals, Roles
from local_aws.iam.requests import Call, Permission, needed
from local_aws.log_dedup import DedupLog
from local_aws.moto_server import operations
from local_aws.moto_server.access_denied import Answer, denied
from local_aws.moto_server.reverse_proxy import Forwarder

_CREDENTIAL = re.compile(
    r"(?:\bCredential=|\bX-Amz-Credential=)([^/,&%\s]+)(?:/|%2F)\d+(?:/|%2F)([\w-]+)(?:/|%2F)([\w-]+)"
)

_READS = ("Get", "List", "Simulate", "Generate", "Describe", "Validate", "Estimate")

_log = logging.getLogger("permissions")

ReadRoles = Callable[[], Sequence[Mapping[str, Any]]]


class PermissionMiddleware:
    """Checks requests against the current roles. Every request passes until `learn` has been called."""

    def __init__(self, read_roles: ReadRoles, *, log: Callable[[str], None] = _log.error) -> None:
        """Make a middleware.

        Args:
            read_roles: Returns every role with its policies: the fields of `RoleConfig` except the logical id.
            log: Takes one line for each refusal.

        """
        self._read_roles = read_roles
        self._say = DedupLog(log)
        self._principals: Principals | None = None
        self._roles = Roles([], ids={})
        self._logical_ids: Mapping[str, str] = {}
        """The roles of the stack: their logical ids, by ARN."""
        self._accounts: dict[str, str] = {}
        self._known: Sequence[str] = ()
        self._dynamodb: Forwarder | None = None

    def learn(self, document: Mapping[str, Any]) -> None:
        """Take the access keys of the functions and the names of the resources; see `embedded_aws.access.enforce`."""
        principals = {key: Principal(**each) for key, each in document["principals"].items()}
        ids = document["ids"]
        self._logical_ids = document["roles"]
        self._known = [each for each in ids if each.startswith("arn:")]
        self._accounts = {key: each.role_arn.split(":")[4] for key, each in principals.items()}
        self._roles = Roles([], ids=ids)
        self.read_roles()
        self._principals = Principals(principals, roles=self._roles)
        endpoint = document["dynamodb_endpoint"]
        self._dynamodb = Forwarder(endpoint) if endpoint else None

    @property
    def judges(self) -> bool:
        """Whether `learn` has been called."""
        return self._principals is not None

    def read_roles(self) -> None:
        """Read the current roles. To be called after each change of a role or a policy."""
        found = {each["arn"]: each for each in self._read_roles()}
        # A role that was deleted allows nothing. A role that is missing here would allow everything.
        gone: dict[str, Any] = {"unique_id": "", "policies": []}
        self._roles.replace(
            [
                RoleConfig(**{**gone, "arn": arn, **found.get(arn, {})}, logical_id=logical_id)
                for arn, logical_id in self._logical_ids.items()
            ]
        )

    def knows(self, environ: Mapping[str, Any]) -> bool:
        """Return whether a request is signed by one of the stack's functions."""
        scope = _scope(environ)
        return scope is not None and scope.key in self._accounts

    def forwards(self, environ: Mapping[str, Any]) -> bool:
        """Return whether an allowed request to DynamoDB is forwarded to another endpoint than moto."""
        return self._dynamodb is not None and self.knows(environ)

    def answer(self, environ: Mapping[str, Any], body: bytes) -> Answer | None:
        """Return the answer to a request that is refused or forwarded; None if moto has to answer it."""
        return self._refusal(environ, body) or self._forwarded(environ, body)

    def _forwarded(self, environ: Mapping[str, Any], body: bytes) -> Answer | None:
        if self._dynamodb is None or not environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_"):
            return None
        return self._dynamodb.answer(environ, _headers(environ), body)

    def _refusal(self, environ: Mapping[str, Any], body: bytes) -> Answer | None:
        scope = _scope(environ)
        if self._principals is None or scope is None or scope.key not in self._accounts:
            return None
        for action, resource in self._needed(scope, environ, body):
            denial = self._principals.denial(scope.key, action, resource)
            if denial is not None:
                self._say(denial.log)
                return denied(scope.service, environ, denial.message)
        return None

    def _needed(self, scope: "_Scope", environ: Mapping[str, Any], body: bytes) -> Iterator[Permission]:
        path = str(environ["PATH_INFO"]).encode("latin-1").decode("utf-8", "replace")
        operation = operations.read(
            scope.service,
            method=environ["REQUEST_METHOD"],
            path=path,
            query=environ.get("QUERY_STRING", ""),
            headers=_headers(environ),
            body=body,
        )
        if operation is None:
            self._say(f"Not checked: {environ['REQUEST_METHOD']} {path} of {scope.service}")
            return
        yield from needed(
            Call(
                service=scope.service,
                operation=operation.name,
                region=scope.region,
                account=self._accounts[scope.key],
                parameters=operation.parameters,
                body=body,
                known=self._known,
            )
        )


def changes_roles(environ: dict[str, Any]) -> bool:
    """Return whether a request to IAM or CloudFormation may change a role. Its body can still be read afterwards."""
    scope = _scope(environ)
    if scope is None or scope.service not in {"iam", "cloudformation"}:
        return False
    body = environ["wsgi.input"].read()
    environ["wsgi.input"] = BytesIO(body)
    (action, *_) = parse_qs(body.decode("latin-1")).get("Action", [""])
    return not action.startswith(_READS)


class _Scope(NamedTuple):
    key: str
    region: str
    service: str


def _scope(environ: Mapping[str, Any]) -> _Scope | None:
    signed = environ.get("HTTP_AUTHORIZATION") or environ.get("QUERY_STRING") or ""
    found = _CREDENTIAL.search(signed)
    return _Scope(unquote(found[1]), found[2], found[3].lower()) if found else None


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return headers | {"content-type": environ.get("CONTENT_TYPE") or ""}
