"""TLS servers for tests: the standard library's, OpenSSL's own, and peers that play a script."""

import asyncio
import contextlib
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import cast

import pytest

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
