"""A certificate authority that lives as long as the stack does, and that the stack's functions alone trust."""

import datetime
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_LIFETIME = datetime.timedelta(days=30)


class Authority:
    """Issues certificates for the hosts of the stack's APIs; its key never leaves the memory of this process."""

    def __init__(self, folder: Path) -> None:
        """Make a new one, and the file of those whom functions are to trust: the usual authorities and this one.

        It takes 0.1 s, most of it for importing the library.
        """
        # Of use for the stack alone, and slow to import.
        import certifi  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = _certificate("chat local", self._key, hosts=(), issuer=None)
        self.bundle = folder / "authorities.pem"
        self.bundle.write_bytes(Path(certifi.where()).read_bytes() + _pem(self._certificate))

    def server_context(self, hosts: Sequence[str]) -> ssl.SSLContext:
        """Return what a server shows a certificate for these hosts with."""
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate("execute-api", key, hosts=hosts, issuer=(self._certificate, self._key))
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        # OpenSSL reads a chain from a file alone; this one is nobody else's to read, and gone at once.
        chain = self._folder / "chain.pem"
        chain.touch(mode=0o600)
        chain.write_bytes(_pem(certificate) + private)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(chain)
        finally:
            chain.unlink()
        return context


def _pem(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    pem: bytes = certificate.public_bytes(serialization.Encoding.PEM)
    return pem


def _certificate(name: str, key: Any, *, hosts: Sequence[str], issuer: tuple[Any, Any] | None) -> Any:
    """Return a certificate for hosts, or for an authority where there is no issuer."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    authority = (issuer[1] if issuer else key).public_key()
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), critical=False)
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256())
