"""HTTP/1 and 2 against Debian's nginx, over TCP and TLS."""

import asyncio
import contextlib
import hashlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstbyte.client.exchange import Response, exchange
from firstbyte.client.options import HttpOptions, TlsOptions
from firstbyte.client.requests import build_request, first_ask
from firstbyte.client.urls import parse_url
from firstbyte.errors import ConnectionLifeError
from firstbyte.events import Recorder
from firstbyte.net.system import KernelSystem
from firstbyte.net.tcp import connect_tcp, open_socket
from firstbyte.net.tls import make_settings, start_tls
from firstbyte.protocols.http.http1 import Http1Machine
from firstbyte.protocols.http.http2 import Http2Machine
from testbed.pki import Pki
from testbed.ports import free_ports

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
]

TEXT = b"All work and no play makes a slow first byte. " * 4000

CONFIGURATION = """
daemon off; master_process off; pid {dir}/pid; error_log stderr crit; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2;
  fastcgi_temp_path {dir}/t3; uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
  types {{ text/plain txt; }} gzip on; gzip_types text/plain; gzip_min_length 100;
  keepalive_requests 3; client_max_body_size 1m;
  server {{
    listen 127.0.0.1:{plain}; listen 127.0.0.1:{secure} ssl http2;
    server_name localhost; root {dir}/www;
    ssl_certificate {cert}; ssl_certificate_key {key};
    large_client_header_buffers 4 16k;
    location = /moved {{ return 301 /text.txt; }}
    location = /drop {{ return 444; }}
    location = /echo {{ return 200 "$request_method $http_user_agent $content_length"; }}
  }}
}}
"""


class Nginx:
    def __init__(self, directory: Path) -> None:
        self.pki = Pki(directory)
        self.plain, self.secure = free_ports(2)
        chain = self.pki.issue("good")
        (directory / "www").mkdir()
        (directory / "www" / "text.txt").write_bytes(TEXT)
        (directory / "www" / "big.bin").write_bytes(bytes(5_000_000))
        self.file = directory / "nginx.conf"
        self.file.write_text(
            CONFIGURATION.format(
                dir=directory,
                plain=self.plain,
                secure=self.secure,
                cert=chain.cert_file,
                key=chain.key_file,
            )
        )

    async def connect(self, version: str):
        """A stream and a machine for "1.0", "1.1", "1.1s" or "2", and the scope."""
        scope = Recorder(time.monotonic_ns, "kernel").scope().on_connection("tcp")
        port = self.secure if version in ("2", "1.1s") else self.plain
        stream = await connect_tcp(open_socket("127.0.0.1"), ("127.0.0.1", port), scope)
        if version in ("2", "1.1s"):
            settings = make_settings(TlsOptions(ca_file=str(self.pki.root_file)), KernelSystem())
            alpn = ("h2",) if version == "2" else ("http/1.1",)
            stream = await start_tls(stream, settings, "localhost", alpn, scope)
            assert stream.alpn == alpn[0]
        machine = Http2Machine() if version == "2" else Http1Machine(version.removesuffix("s"))
        return stream, machine, scope

    def get(self, version: str, *paths: str, **options) -> list[Response | ConnectionLifeError]:
        """One response or error for each path, on one connection as long as it may be reused."""

        async def go() -> list[Response | ConnectionLifeError]:
            outcomes: list[Response | ConnectionLifeError] = []
            stream, machine, scope = await self.connect(version)
            for path in paths:
                if outcomes and not machine.can_reuse:
                    stream.abort()
                    stream, machine, scope = await self.connect(version)
                chosen = HttpOptions(**options)
                url = parse_url(f"http://localhost{path}")
                request = build_request(first_ask(url, chosen), chosen)
                self.got = b""
                try:
                    async with asyncio.timeout(20):
                        response = await exchange(
                            stream, machine, request, scope, sink=self._collect
                        )
                    outcomes.append(response)
                except ConnectionLifeError as error:
                    outcomes.append(error)
            stream.abort()
            return outcomes

        return asyncio.run(go())

    def _collect(self, piece: bytes) -> None:
        self.got += piece


@pytest.fixture(scope="module")
def nginx(tmp_path_factory) -> Iterator[Nginx]:
    running = Nginx(tmp_path_factory.mktemp("nginx"))
    assert NGINX is not None
    process = subprocess.Popen(
        [NGINX, "-c", str(running.file), "-p", str(running.file.parent)],
        stderr=subprocess.PIPE,
    )
    try:
        _wait_for(running.secure, process)
        yield running
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            pytest.skip(f"nginx does not start here: {process.communicate()[1].decode()[:200]}")
        time.sleep(0.05)
    pytest.fail("nginx does not listen")


VERSIONS = ["1.0", "1.1", "1.1s", "2"]


@pytest.mark.parametrize("version", VERSIONS)
def test_compressed_text(nginx: Nginx, version: str):
    (response,) = nginx.get(version, "/text.txt")
    assert isinstance(response, Response)
    assert response.status == 200
    assert response.decoded_bytes == len(TEXT)
    assert hashlib.sha256(nginx.got).digest() == hashlib.sha256(TEXT).digest()
    if version != "1.0":
        assert response.encoding == "gzip"
        assert response.body_bytes < len(TEXT)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_large_file(nginx: Nginx, version: str):
    (response,) = nginx.get(version, "/big.bin", compressed=False)
    assert response.body_bytes == 5_000_000


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upload(nginx: Nginx, version: str):
    (response,) = nginx.get(version, "/echo", body=bytes(300_000), user_agent="me")
    assert response.status == 200
    assert nginx.got == b"POST me 300000"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_body_that_is_refused_early(nginx: Nginx, version: str):
    (response,) = nginx.get(version, "/echo", body=bytes(8_000_000))
    assert isinstance(response, Response)
    assert response.status == 413


@pytest.mark.parametrize("version", ["1.1", "1.1s", "2"])
def test_connections_are_reused_until_the_server_ends_them(nginx: Nginx, version: str):
    """keepalive_requests 3: Connection: close in HTTP/1, a graceful GOAWAY in HTTP/2."""
    responses = nginx.get(version, *["/text.txt"] * 7)
    assert [response.status for response in responses] == [200] * 7
    assert sum(not response.reusable for response in responses) >= 2


@pytest.mark.parametrize("version", VERSIONS)
def test_redirects_heads_and_errors(nginx: Nginx, version: str):
    moved, missing = nginx.get(version, "/moved", "/missing")
    assert (moved.status, missing.status) == (301, 404)
    assert moved.header("location").endswith("/text.txt")
    (head,) = nginx.get(version, "/text.txt", method="HEAD", compressed=False)
    assert (head.status, head.body_bytes) == (200, 0)
    assert head.header("content-length") == str(len(TEXT))


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_a_dropped_connection(nginx: Nginx, version: str):
    (error,) = nginx.get(version, "/drop")
    assert isinstance(error, ConnectionLifeError)
    assert error.id in ("http.empty_reply", "http.stream_reset", "http.goaway")


def test_plain_http_to_the_tls_port(nginx: Nginx):
    async def go() -> Response:
        scope = Recorder(time.monotonic_ns, "kernel").scope()
        stream = await connect_tcp(open_socket("127.0.0.1"), ("127.0.0.1", nginx.secure), scope)
        options = HttpOptions()
        request = build_request(first_ask(parse_url("http://localhost/"), options), options)
        try:
            return await exchange(stream, Http1Machine(), request, scope)
        finally:
            stream.abort()

    assert asyncio.run(go()).status == 400
