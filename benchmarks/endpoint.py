"""The endpoint for the clients: nginx with one worker, on its own core, which answers everything from memory.

It answers a post to `@connections` with an empty 200. If the connection's id begins with `slow`, it answers 429, and
204 to `DELETE`, as API Gateway does for a client that does not read. Each operation of DynamoDB has a canned answer.
The certificate is made for the run, and the clients verify it, as they verify AWS's. It is self-signed with a key on
P-256, so that a handshake costs less than one with AWS's chain of RSA signatures.
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
"""About the length of the token of a function's role, which every request sends and signs."""

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

# Debian's nginx has no other timer that answers: this one delays a refusal, which then becomes the answer.
_DELAYED_POST = "auth_basic x; auth_basic_user_file /dev/null; auth_delay {delay}ms; error_page 401 =200 @taken;"

# nginx applies the limit before it looks for a file, but after `return`; a permitted post finds no file.
_LIMIT = "limit_req_zone $server_addr zone=quota:1m rate={rate}r/s; limit_req_status 429;"
_LIMITED_POST = "limit_req zone=quota burst={burst} nodelay; try_files /nothing @taken;"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A running endpoint: its URL by scheme (`http`, `https`, and `h2`: https with HTTP/2 on offer)."""

    urls: Mapping[str, str]
    environment: Mapping[str, str]
    """The variables of a client's process: credentials, and the certificate in the variables of every SDK."""

    def requests(self) -> int:
        """Return how many requests have arrived, including those of this method."""
        with urllib.request.urlopen(f"{self.urls['http']}/requests") as response:
            # The third line has accepted connections, handled connections, and requests (ngx_http_stub_status_module).
            return int(response.read().splitlines()[2].split()[2])


def missing() -> str | None:
    """Return why no endpoint can be started here, or None if one can."""
    for program in ("nginx", "openssl"):
        if not _find(program):
            return f"{program} is not installed"
    return None


@contextmanager
def serve(
    *, delay_ms: int = 0, answers: Mapping[str, bytes] | None = None, quota: tuple[int, int] | None = None
) -> Iterator[Endpoint]:
    """Start an endpoint, and end it at the end of the block.

    Args:
        delay_ms: the delay of the answer to a post.
        answers: DynamoDB's answers by operation, such as `Query`.
        quota: the rate and the burst of posts that are accepted; the others get 429.

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
    """Return the variables of a function's process, and those that name the certificate to trust."""
    return {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN": "T" * SESSION_TOKEN_LENGTH,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # Otherwise the SDKs would look for an instance's role, and read the user's own settings.
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CA_BUNDLE": str(certificate),
        "SSL_CERT_FILE": str(certificate),
        "NODE_EXTRA_CA_CERTS": str(certificate),
        # Otherwise it would warn about the version of Node, once in each process.
        "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true",
    }


def _posting(delay_ms: int, quota: tuple[int, int] | None) -> tuple[str, str]:
    """Return how nginx handles a post, and the directives that this needs outside of the server block."""
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
    # Debian installs servers in directories that are only on root's path.
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
