"""A certificate authority that exists only while the stack runs, and that only the stack's functions trust."""

import datetime
import ssl
from collections.abc import Sequence
from pathlib import Path

_LIFETIME = datetime.timedelta(days=30)
_CLOCK_SKEW = datetime.timedelta(hours=1)


class Authority:
    """Issues certificates for the hosts of the stack's APIs; its key exists only in the memory of this process."""

    def __init__(self, folder: Path) -> None:
        """Make a new authority, and a bundle of the public authorities and this one for the functions to trust.

        It takes 0.12 s, most of it for the imports.
        """
        # Only stacks need them, and they are slow to import.
        import certifi  # noqa: PLC0415
        import trustme  # noqa: PLC0415

        self._folder = folder
        self._authority = trustme.CA(organization_name="chat local")
        self.bundle = folder / "authorities.pem"
        self.bundle.write_bytes(Path(certifi.where()).read_bytes() + self._authority.cert_pem.bytes())

    def server_context(self, hosts: Sequence[str]) -> ssl.SSLContext:
        """Return a context in which a server presents a certificate for these hosts, valid for 30 days."""
        now = datetime.datetime.now(datetime.UTC)
        certificate = self._authority.issue_cert(*hosts, not_before=now - _CLOCK_SKEW, not_after=now + _LIFETIME)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # OpenSSL reads a key from a file only. This one is readable by this account alone, and deleted at once.
        with certificate.private_key_and_cert_chain_pem.tempfile(dir=str(self._folder)) as chain:
            context.load_cert_chain(chain)
        return context
