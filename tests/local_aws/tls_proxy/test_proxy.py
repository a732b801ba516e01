"""The HTTP proxy of the functions."""

import asyncio
import base64
import ssl
import time
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from local_aws.http_server import Request, Response, Visitors, serve
from local_aws.tls_proxy import Authority, Interceptor

HOST = "abcdefghij.execute-api.us-east-1.amazonaws.com"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def log() -> list[str]:
    """Return the log."""
    return []


@pytest.fixture
async def gateway() -> AsyncIterator[int]:
    """Return the port of a server that responds with the requested host and path."""

    async def answer(request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers}
        return Response(status=200, body=f"{headers['host']} {request.path}".encode())

    server = await serve(answer, port=0, visitors=Visitors.of(hosts=[HOST, "there"]))
    yield server.port
    server.close()
    await server.wait_closed()


@pytest.fixture
async def proxy(authority: Authority, gateway: int, log: list[str]) -> AsyncIterator[Interceptor]:
    """Return a proxy that forwards to the gateway."""
    interceptor = await Interceptor(authority=authority, log=log.append).start()
    interceptor.lead(HOST, gateway)
    yield interceptor
    await interceptor.stop()


def port_of(interceptor: Interceptor) -> int:
    return int(interceptor.variables()["HTTPS_PROXY"].rpartition(":")[2])


def login(interceptor: Interceptor) -> bytes:
    """Return the header that a function's library makes from the credentials in the proxy's URL."""
    url = urlsplit(interceptor.variables()["HTTPS_PROXY"])
    return b"Proxy-Authorization: Basic " + base64.b64encode(f"{url.username}:{url.password}".encode()) + b"\r\n"


async def converse(
    proxy: Interceptor, text: bytes, *, headers: bytes | None = None
) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
    """Send the head of a request, by default with the functions' credentials; return the head of the response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(proxy))
    writer.write(text.removesuffix(b"\r\n") + (login(proxy) if headers is None else headers) + b"\r\n")
    return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10), reader, writer


async def test_tunnel_to_an_api_ends_at_its_gateway(proxy: Interceptor, authority: Authority) -> None:
    """The certificate is for this host, from the authority that functions trust."""
    head, reader, writer = await converse(proxy, f"CONNECT {HOST}:443 HTTP/1.1\r\n\r\n".encode())
    assert head.startswith(b"HTTP/1.1 200")
    await writer.start_tls(ssl.create_default_context(cafile=str(authority.bundle)), server_hostname=HOST)
    writer.write(f"GET /prod/x HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
    assert (await asyncio.wait_for(reader.read(), 10)).endswith(f"{HOST} /prod/x".encode())
    writer.close()


async def test_other_tunnels_lead_where_they_are_meant_to(proxy: Interceptor, gateway: int) -> None:
    """A handler may call any host, and the proxy does not read the traffic."""
    head, reader, writer = await converse(proxy, f"CONNECT localhost:{gateway} HTTP/1.1\r\n\r\n".encode())
    assert head.startswith(b"HTTP/1.1 200")
    writer.write(b"GET /elsewhere HTTP/1.1\r\nHost: there\r\nConnection: close\r\n\r\n")
    assert (await asyncio.wait_for(reader.read(), 10)).endswith(b"there /elsewhere")
    writer.close()


async def test_other_tunnels_go_through_the_developers_own_proxy(
    authority: Authority, gateway: int, log: list[str]
) -> None:
    """They use its credentials; hosts in `NO_PROXY` are connected directly."""
    heads: list[bytes] = []

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhello")
        writer.close()

    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    environment = {"HTTPS_PROXY": f"http://me:p%40ss@127.0.0.1:{port}", "NO_PROXY": "localhost"}
    interceptor = await Interceptor(authority=authority, log=log.append, environment=environment).start()
    try:
        _, reader, writer = await converse(interceptor, b"CONNECT example.org:443 HTTP/1.1\r\n\r\n")
        assert await asyncio.wait_for(reader.read(), 10) == b"hello"
        writer.close()
        assert heads[0].startswith(b"CONNECT example.org:443 HTTP/1.1\r\n")
        assert base64.b64encode(b"me:p@ss") in heads[0]
        head, _, writer = await converse(interceptor, f"CONNECT localhost:{gateway} HTTP/1.1\r\n\r\n".encode())
        assert head.startswith(b"HTTP/1.1 200")
        assert len(heads) == 1
        writer.close()
    finally:
        await interceptor.stop()
        server.close()


@pytest.mark.parametrize(
    "headers",
    [
        b"",
        b"Proxy-Authorization: Basic \r\n",
        b"Proxy-Authorization: Basic " + base64.b64encode(b"function:") + b"\r\n",
        b"Proxy-Authorization: Basic \xff\r\n",
        b"Proxy-Authorization: Bearer x\r\n",
        b"Authorization: Basic " + base64.b64encode(b"function:x") + b"\r\n",
    ],
)
async def test_stranger_gets_no_tunnel_and_never_the_developers_login(
    authority: Authority, gateway: int, log: list[str], headers: bytes
) -> None:
    """Any account of the machine can connect to loopback, and would use the developer's proxy under their name."""
    reached: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: reached.append(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    environment = {"HTTPS_PROXY": f"http://me:secret@127.0.0.1:{port}"}
    interceptor = await Interceptor(authority=authority, log=log.append, environment=environment).start()
    interceptor.lead(HOST, gateway)
    try:
        for target in ("example.org:443", f"{HOST}:443", f"127.0.0.1:{gateway}"):
            request = f"CONNECT {target} HTTP/1.1\r\n\r\n".encode()
            head, reader, writer = await converse(interceptor, request, headers=headers)
            assert head.startswith(b"HTTP/1.1 407")
            assert await asyncio.wait_for(reader.read(), 10) == b""
            writer.close()
        assert not reached
        assert len(log) == 1
    finally:
        await interceptor.stop()
        server.close()


async def test_libraries_log_in_by_the_address_that_they_are_given(
    proxy: Interceptor, gateway: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Functions use Python's own HTTP client and botocore's."""
    for name, value in proxy.variables().items():
        monkeypatch.setenv(name, value)

    def ask() -> list[bytes]:
        url = f"https://{HOST}/prod/x"
        context = ssl.create_default_context(cafile=proxy.variables()["SSL_CERT_FILE"])
        with urllib.request.urlopen(url, context=context, timeout=10) as answer:
            answers = [answer.read()]
        session = URLLib3Session(proxies=urllib.request.getproxies(), verify=proxy.variables()["AWS_CA_BUNDLE"])
        return [*answers, session.send(AWSRequest("GET", url).prepare()).content]

    assert await asyncio.to_thread(ask) == [f"{HOST} /prod/x".encode()] * 2


async def test_host_that_cannot_be_reached_is_a_bad_gateway(proxy: Interceptor, log: list[str]) -> None:
    """The log has a line with the host."""
    head, _, writer = await converse(proxy, b"CONNECT 127.0.0.1:9 HTTP/1.1\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502")
    assert [line for line in log if "127.0.0.1:9" in line]
    writer.close()


@pytest.mark.parametrize(
    "text", [b"\x16\x03\x01", b"GET\r\n\r\n", b"CONNECT x HTTP/1.1\r\n\r\n", b"a" * 100_000, b"\xff\xfe \r\n\r\n"]
)
async def test_garbage_ends_only_its_own_connection(proxy: Interceptor, log: list[str], text: bytes) -> None:
    """The log has one line, and the next tunnel works."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(proxy))
    writer.write(text.replace(b"\r\n\r\n", b"\r\n" + login(proxy) + b"\r\n"))
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    assert len(log) == 1
    head, _, writer = await converse(proxy, f"CONNECT {HOST}:443 HTTP/1.1\r\n\r\n".encode())
    assert head.startswith(b"HTTP/1.1 200")
    writer.close()


async def test_plain_request_to_the_proxy_is_rejected(proxy: Interceptor) -> None:
    """Functions have a proxy for HTTPS only, so that nothing requests plain HTTP."""
    head, _, writer = await converse(proxy, b"GET http://example.org/ HTTP/1.1\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405")
    writer.close()


async def test_stopping_ends_every_tunnel(proxy: Interceptor, gateway: int) -> None:
    """No task and no socket may stay."""
    _, reader, writer = await converse(proxy, f"CONNECT localhost:{gateway} HTTP/1.1\r\n\r\n".encode())
    await proxy.stop()
    assert await asyncio.wait_for(reader.read(), 10) == b""
    assert not proxy._tunnels
    writer.close()


async def test_certificate_is_valid_for_thirty_days_only(proxy: Interceptor, authority: Authority) -> None:
    """Some clients reject a certificate that is valid for years, and no stack runs longer."""
    _, _, writer = await converse(proxy, f"CONNECT {HOST}:443 HTTP/1.1\r\n\r\n".encode())
    await writer.start_tls(ssl.create_default_context(cafile=str(authority.bundle)), server_hostname=HOST)
    certificate = writer.get_extra_info("peercert")
    writer.close()
    assert certificate["subjectAltName"] == (("DNS", HOST),)
    ends = ssl.cert_time_to_seconds(certificate["notAfter"])
    assert 29 * 86_400 < ends - time.time() <= 30 * 86_400


def test_no_key_is_left_on_disk(authority: Authority) -> None:
    """The authority's key never leaves the memory."""
    authority.server_context([HOST])
    files: list[Path] = list(authority.bundle.parent.iterdir())
    assert files == [authority.bundle]
    assert b"PRIVATE KEY" not in authority.bundle.read_bytes()
