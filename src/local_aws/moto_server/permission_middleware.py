"""What stands before moto: requests by the stack's functions are held to the policies of their roles.

Whoever has another access key, or none, is let through: a developer may look into everything.
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
from local_aws.log_dedup import Unrepeated
from local_aws.moto_server import operations
from local_aws.moto_server.access_denied import Answer, denied
from local_aws.moto_server.reverse_proxy import Forwarder

_CREDENTIAL = re.compile(
    r"(?:\bCredential=|\bX-Amz-Credential=)([^/,&%\s]+)(?:/|%2F)\d+(?:/|%2F)([\w-]+)(?:/|%2F)([\w-]+)"
)

_LOOKS = ("Get", "List", "Simulate", "Generate")

_log = logging.getLogger("permissions")


class Guard:
    """Judges requests, once it has been told by whom."""

    def __init__(self, *, log: Callable[[str], None] = _log.error) -> None:
        self._say = Unrepeated(log)
        self._principals: Principals | None = None
        self._accounts: dict[str, str] = {}
        self._known: Sequence[str] = ()
        self._dynamodb: Forwarder | None = None

    def learn(self, document: Mapping[str, Any]) -> None:
        """Take the functions' access keys, their roles and the names of everything; see `cloud.access.enforce`."""
        principals = {key: Principal(**each) for key, each in document["principals"].items()}
        roles = [RoleConfig(**each) for each in document["roles"]]
        ids = document["ids"]
        self._known = [each for each in ids if each.startswith("arn:")]
        self._accounts = {key: each.role_arn.split(":")[4] for key, each in principals.items()}
        self._principals = Principals(principals, roles=Roles(roles, ids=ids))
        endpoint = document["dynamodb_endpoint"]
        self._dynamodb = Forwarder(endpoint) if endpoint else None

    def knows(self, environ: Mapping[str, Any]) -> bool:
        """Tell whether a request is by one of the stack's functions."""
        scope = _scope(environ)
        return scope is not None and scope.key in self._accounts

    def forwards(self, environ: Mapping[str, Any]) -> bool:
        """Tell whether a request of DynamoDB's, if it may be made, is answered by another than moto."""
        return self._dynamodb is not None and self.knows(environ)

    def answer(self, environ: Mapping[str, Any], body: bytes) -> Answer | None:
        """Return the answer to a request that may not be made, or that another service answers; None for moto's."""
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
            self._say(f"Not checked here, {environ['REQUEST_METHOD']} {path} of {scope.service}")
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
    """Tell whether a request is one of IAM that does more than look; its body can still be read after that."""
    scope = _scope(environ)
    if scope is None or scope.service != "iam":
        return False
    body = environ["wsgi.input"].read()
    environ["wsgi.input"] = BytesIO(body)
    (action, *_) = parse_qs(body.decode("latin-1")).get("Action", [""])
    return not action.startswith(_LOOKS)


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
