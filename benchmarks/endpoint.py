"""What the clients talk to: nginx with one worker, on a core of its own, which answers everything from memory.

It takes every post to `@connections` with an empty 200; if the connection's id begins with `slow`, with 429, and
`DELETE` with 204, as for a client that does not read. Each of DynamoDB's operations gets a canned answer. Its
certificate is made for the run; the clients verify it, as they verify AWS's. It is self-signed with a key on P-256, so
that a handshake costs less than one with AWS's chain of RSA signatures.
"""

import os
import shutil
import subprocess
import tempfile
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import ENDPOINT_CORE, free_port, on_core, wait_until_open

STAGE = "prod"
REGION = "us-east-1"
SESSION_TOKEN_LENGTH = 460
"""About what the token of a function's role has: it is sent, and signed, with every request."""

_CONFIGURATION = """\
daemon off;
master_process off;
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    types {{ }}
    default_type application/x-amz-json-1.0;
    etag off;
    keepalive_timeout 1h;
    keepalive_requests 1000000000;
    ssl_certificate {home}/certificate.pem;
    ssl_certificate_key {home}/key.pem;
    {limit}
    map $http_x_amz_target $operation {{ ~^DynamoDB_20120810\\.(?<name>\\w+)$ $name; }}
    map $operation $crc32 {{ {crc32} }}
    server {{
        listen 127.0.0.1:{http};
        listen 127.0.0.1:{https} ssl;
        listen 127.0.0.1:{h2} ssl http2;
        location = / {{ error_page 418 =200 /dynamodb/$operation; return 418; }}
        location /dynamodb/ {{ internal; root {home}; add_header x-amz-crc32 $crc32; }}
        location / {{ {post} }}
        location ~ /@connections/slow {{ if ($request_method = DELETE) {{ return 204; }} return 429; }}
        location @taken {{ return 200; }}
        location = /requests {{ stub_status; }}
    }}
}}
"""

# nginx of Debian has no other timer that answers: this one waits before it refuses, and the refusal is then an answer.
_DELAYED_POST = "auth_basic x; auth_basic_user_file /dev/null; auth_delay {delay}ms; error_page 401 =200 @taken;"

# The limit is looked at before a file is, and after `return`: a post that is let through finds none.
_LIMIT = "limit_req_zone $server_addr zone=quota:1m rate={rate}r/s; limit_req_status 429;"
_LIMITED_POST = "limit_req zone=quota burst={burst} nodelay; try_files /nothing @taken;"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A running endpoint: its URL by scheme (`http`, `https`, and `h2`: https with HTTP/2 on offer)."""

    urls: Mapping[str, str]
    environment: Mapping[str, str]
    """What a client's process needs: credentials, and the certificate as every SDK wants to be told of it."""

    def requests(self) -> int:
        """Return how many requests have come in, those of this method included."""
        with urllib.request.urlopen(f"{self.urls['http']}/requests") as response:
            # The third line has connections accepted and handled, and requests (ngx_http_stub_status_module).
            return int(response.read().splitlines()[2].split()[2])


def missing() -> str | None:
    """Return why there can be no endpoint here, or None."""
    for program in ("nginx", "openssl"):
        if not _find(program):
            return f"{program} is not installed"
    return None


@contextmanager
def serve(
    *, delay_ms: int = 0, answers: Mapping[str, bytes] | None = None, quota: tuple[int, int] | None = None
) -> Iterator[Endpoint]:
    """Start an endpoint, and end it with the block.

    Args:
        delay_ms: how long a post waits for its answer.
        answers: what DynamoDB answers, by operation, as `Query`.
        quota: how many posts a second are taken, and how many at once beyond that; the others get 429.

    """
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        home = Path(directory)
        ports = {scheme: free_port() for scheme in ("http", "https", "h2")}
        _make_certificate(home)
        _write(home, ports, answers or {}, _posting(delay_ms, quota))
        command = [str(_find("nginx")), "-p", directory, "-c", str(home / "nginx.conf"), "-e", str(home / "error.log")]
        with on_core(ENDPOINT_CORE):
            process = subprocess.Popen(command, text=True)
        with process:
            try:
                wait_until_open(ports["h2"], process)
                yield Endpoint(
                    urls={
                        scheme: f"{'http' if scheme == 'http' else 'https'}://127.0.0.1:{port}"
                        for scheme, port in ports.items()
                    },
                    environment=os.environ | client_environment(home / "certificate.pem"),
                )
            finally:
                process.terminate()


def client_environment(certificate: Path) -> dict[str, str]:
    """Return the variables that a function's process has, and whom to trust."""
    return {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN": "T" * SESSION_TOKEN_LENGTH,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # The SDKs would look for an instance's role otherwise, and read the user's own settings.
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CA_BUNDLE": str(certificate),
        "SSL_CERT_FILE": str(certificate),
        "NODE_EXTRA_CA_CERTS": str(certificate),
        # It would print that it wants another Node, once in a process.
        "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true",
    }


def _posting(delay_ms: int, quota: tuple[int, int] | None) -> tuple[str, str]:
    """Return what nginx does with a post, and what that takes outside of a server."""
    if quota is not None:
        rate, burst = quota
        return _LIMITED_POST.format(burst=burst), _LIMIT.format(rate=rate)
    return (_DELAYED_POST.format(delay=delay_ms) if delay_ms else "return 200;"), ""


def _write(home: Path, ports: Mapping[str, int], answers: Mapping[str, bytes], posting: tuple[str, str]) -> None:
    (home / "dynamodb").mkdir()
    for operation, body in answers.items():
        (home / "dynamodb" / operation).write_bytes(body)
    crc32 = " ".join(f"{operation} {zlib.crc32(body)};" for operation, body in answers.items())
    post, limit = posting
    configuration = _CONFIGURATION.format(home=home, crc32=crc32, post=post, limit=limit, **ports)
    (home / "nginx.conf").write_text(configuration)


def _make_certificate(home: Path) -> None:
    request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    extensions = ["subjectAltName=IP:127.0.0.1", "keyUsage=digitalSignature,keyCertSign"]
    subprocess.run(
        [str(_find("openssl")), *request, "-subj", "/CN=bench", "-keyout", "key.pem", "-out", "certificate.pem"]
        + [word for extension in extensions for word in ("-addext", extension)],
        cwd=home,
        capture_output=True,
        check=True,
    )


def _find(program: str) -> str | None:
    # Debian keeps servers where only root looks.
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
