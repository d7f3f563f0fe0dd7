"""A company's HTTP proxy: tunnels, refuses, or opens TLS and looks in (RFC 9110, 9.3.6)."""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from firstbyte.lab.authority import Authority, Wish
from firstbyte.sim.memory_files import MemoryFile

PORT = 3128
HEAD_LIMIT = 65536
PUMP_BYTES = 65536
Treatment = Literal["tunnel", "refuse", "inspect"]


@dataclass
class Proxy:
    """``treatments`` by host name; what is not named is tunnelled.

    For what is inspected, ``authority`` makes a certificate in the site's name, and what is inside
    goes on as HTTP/1.1 over a TLS connection of the proxy's own.
    """

    authority: Authority
    treatments: Mapping[str, Treatment] = field(default_factory=dict)
    _open: "set[asyncio.Task[None]]" = field(default_factory=set)
    """Held here: half-closed connections are in no selector, and asyncio holds tasks weakly."""

    async def start(self) -> asyncio.Server:
        """Listen on all addresses of the host that runs this."""
        return await asyncio.start_server(self._serve, None, PORT, limit=HEAD_LIMIT)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._converse(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, *_ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
            if method == "CONNECT":
                await self._connect(target, reader, writer)
            else:
                await self._forward(target, head, reader, writer)
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _connect(
        self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        host, _, port = target.rpartition(":")
        treatment = self.treatments.get(host, "tunnel")
        if treatment == "refuse":
            await _refuse(writer, host)
            return
        try:
            secured = _unverified() if treatment == "inspect" else None
            far = await asyncio.open_connection(host, int(port), ssl=secured)
        except OSError as error:
            await _answer(writer, "502 Bad Gateway", f"{target}: {error}")
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if treatment == "inspect":
            await writer.start_tls(self._context(host))
        await _join((reader, writer), far)

    async def _forward(
        self,
        target: str,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """A request in absolute form (RFC 9112, 3.2.2)."""
        authority, slash, path = target.removeprefix("http://").partition("/")
        host, _, port = authority.partition(":")
        if self.treatments.get(host) == "refuse":
            await _refuse(writer, host)
            return
        far = await asyncio.open_connection(host, int(port or 80))
        far[1].write(head.replace(target.encode("latin-1"), (slash + path).encode() or b"/", 1))
        await _join((reader, writer), far)

    def _context(self, host: str) -> ssl.SSLContext:
        chain = self.authority.issue(Wish((host,)))
        file = MemoryFile("proxy.pem")
        file.replace(chain.certificates + chain.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file.path)
        context.set_alpn_protocols(["http/1.1"])
        return context


def _unverified() -> ssl.SSLContext:
    """Python's OpenSSL compares with the machine's clock, and certificates are of the world's."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _refuse(writer: asyncio.StreamWriter, host: str) -> None:
    await _answer(writer, "403 Forbidden", f"{host} is blocked by the company's policy.")


async def _answer(writer: asyncio.StreamWriter, status: str, text: str) -> None:
    body = f"{text}\n".encode()
    head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def _join(near: Streams, far: Streams) -> None:
    """Carry bytes both ways until both have ended."""
    try:
        await asyncio.gather(_pump(near[0], far[1]), _pump(far[0], near[1]))
    finally:
        far[1].close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(PUMP_BYTES):
            target.write(data)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()
        else:
            target.close()
