"""TLS servers for tests: the standard library's, OpenSSL's own, and peers that play a script."""

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import cast

import pytest

from testbed.pki import Issued
from testbed.ports import free_ports

Script = Callable[[asyncio.Transport, bytes], None]
"""Called with all that came so far, each time that more comes; first with nothing."""


class _Player(asyncio.Protocol):
    def __init__(self, script: Script) -> None:
        self.script = script
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.script(self.transport, b"")

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.script(self.transport, self.received)


class _Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


@asynccontextmanager
async def serving(
    factory: Callable[[], asyncio.Protocol], context: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve on an ephemeral port of 127.0.0.1 and give it."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, _context: None)  # failed handshakes are the tests'
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await server.wait_closed()
        await asyncio.sleep(0)


def echo_server(context: ssl.SSLContext) -> contextlib.AbstractAsyncContextManager[int]:
    """Answers what it gets."""
    return serving(_Echo, context)


def scripted_server(script: Script) -> contextlib.AbstractAsyncContextManager[int]:
    """Speaks no TLS: plays ``script``."""
    return serving(lambda: _Player(script))


@contextmanager
def openssl_server(*arguments: str) -> Iterator[int]:
    """``openssl s_server`` that answers each line reversed; gives its port."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    command = [program, "s_server", "-accept", "127.0.0.1:0", "-rev", *arguments]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    with process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.startswith(b"ACCEPT"):
                    yield int(line.rpartition(b":")[2])
                    return
            pytest.fail(f"openssl s_server did not start: {command}")
        finally:
            process.kill()


_NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  ssl_certificate {chain}; ssl_certificate_key {key};
  ssl_protocols TLSv1.2 TLSv1.3; ssl_stapling on; ssl_stapling_file {staple};
  server {{ listen 127.0.0.1:{secure} ssl http2; location / {{ return 200 "hello\\n"; }} }}
  server {{ listen 127.0.0.1:{plain}; location / {{ return 200 "hello\\n"; }} }}
}}
"""


@contextmanager
def nginx_server(folder: Path, issued: Issued) -> Iterator[tuple[int, int]]:
    """Nginx with TLS, HTTP/2 and a staple; gives the port with TLS and a plain one."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("nginx is not installed")
    secure, plain = free_ports(2)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _NGINX.format(
            folder=folder,
            chain=issued.cert_file,
            key=issued.key_file,
            staple=issued.staple_file,
            secure=secure,
            plain=plain,
        )
    )
    command = [program, "-e", str(folder / "error.log"), "-c", str(configuration)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_until_open(process, plain)
            yield secure, plain
        finally:
            process.terminate()


def _wait_until_open(process: subprocess.Popen[bytes], port: int) -> None:
    deadline_s = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline_s:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    pytest.skip("nginx does not start here")
