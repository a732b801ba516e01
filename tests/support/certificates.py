"""Certificates for servers on this machine."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme


def make_certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """Make an authority and its certificate for the name.

    Returns the file of the authority, which a client trusts, and the file of the server's key and certificate.
    """
    authority = trustme.CA()
    authority_file, server_file = folder / f"{name}.pem", folder / f"{name}.key"
    authority.cert_pem.write_to_path(str(authority_file))
    authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(str(server_file))
    return authority_file, server_file


def server_context(server_file: Path) -> ssl.SSLContext:
    """Return a context in which a server presents the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_file)
    return context


@contextmanager
def trusted(authority_file: Path) -> Iterator[None]:
    """Make clients that are created inside the block trust this authority and no other."""
    make = ssl.create_default_context
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", lambda: make(cafile=str(authority_file)))
        yield
