"""Authentication and authorization of callers under IAM: of the management API, and of connections with AWS_IAM.

Unless the gateway is strict, a request with an unknown access key id is accepted without verifying its signature: any
dummy credentials work on a developer's machine. Credentials of the stack's own functions are verified, and their
policies apply.
"""

import time
from collections.abc import Callable, Mapping

from local_aws.api_gateway.answers import FORBIDDEN
from local_aws.api_gateway.sigv4 import Signature, SignatureFault, read, verify
from local_aws.authorization import Credential, PermissionChecker
from local_aws.http_server import Request
from local_aws.log_dedup import DedupLog

SERVICE = "execute-api"


class AccessDenied(Exception):
    """A request is refused with 403."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        """The value of `x-amzn-ErrorType`."""
        self.message = message


class Callers:
    """Authenticates and authorizes callers by the credentials of one stack."""

    def __init__(
        self,
        *,
        region: str,
        credentials: Mapping[str, Credential],
        permits: PermissionChecker | None,
        strict: bool,
        log: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._region = region
        self._credentials = credentials
        self._permits = permits
        self._strict = strict
        self._log = log
        self._log_refusal = DedupLog(log)
        self._clock = clock

    def check(self, request: Request, *, action: str, resource: str) -> str:
        """Return the access key id that signed a request.

        Raises:
            AccessDenied: The request has no valid SigV4 signature, or the caller lacks the permission. This is logged
                if the stack knows the access key id.

        """
        try:
            signature = read(request)
        except SignatureFault as exc:
            raise AccessDenied(exc.kind, exc.message) from exc
        credential = self._credentials.get(signature.access_key_id)
        if credential is None:
            self._check_unknown()
        else:
            self._check_signature(request, signature, credential)
            self._check_permission(signature.access_key_id, action, resource)
        return signature.access_key_id

    def identity(self, access_key_id: str) -> dict[str, str]:
        """Return the identity that belongs to an access key id, with the keys of `requestContext.identity`."""
        credential = self._credentials.get(access_key_id)
        known = {} if credential is None else _principal(credential)
        return {name: value for name, value in known.items() if value} | {"accessKey": access_key_id}

    def _check_unknown(self) -> None:
        if self._strict:
            raise AccessDenied("UnrecognizedClientException", "The security token included in the request is invalid.")

    def _check_signature(self, request: Request, signature: Signature, credential: Credential) -> None:
        try:
            verify(request, signature, credential, region=self._region, service=SERVICE, now=self._clock())
        except SignatureFault as exc:
            reason = exc.message.partition("\n")[0]
            self._log(f"{request.method} {request.path} by {signature.access_key_id}: {reason}")
            raise AccessDenied(exc.kind, exc.message) from exc

    def _check_permission(self, access_key_id: str, action: str, resource: str) -> None:
        if self._permits is None:
            return
        refusal = self._permits.denial_reason(access_key_id=access_key_id, action=action, resource=resource)
        if refusal is not None:
            self._log_refusal(refusal)
            raise AccessDenied("ForbiddenException", FORBIDDEN)


def _principal(credential: Credential) -> dict[str, str]:
    return {
        "accountId": credential.account,
        "caller": credential.principal_id,
        "user": credential.principal_id,
        "userArn": credential.principal_arn,
    }
