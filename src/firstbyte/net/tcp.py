"""TCP connections on asyncio's sockets, told as events.

Plain asyncio: the same code runs on the kernel's network and on the private internet.
"""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from typing import Literal

from firstbyte.errors import ConnectError
from firstbyte.events import Scope
from firstbyte.events.tcp import (
    BytesReceived,
    BytesSent,
    Closed,
    ConnectCancelled,
    Connected,
    ConnectFailed,
    ConnectStarted,
    InfoSampled,
    Probed,
)
from firstbyte.net.merging import ReadMerger
from firstbyte.net.os_errors import Cause, connect_cause, stream_cause, symbol
from firstbyte.net.tcp_info import read_tcp_info

_HIGH_MARK_BYTES = 1 << 20
_FIN_WAIT_S = 0.5
"""How long at most ``close`` waits for the peer's FIN."""
_LINGER_NONE = struct.pack("ii", 1, 0)
"""struct linger: close sends RST and forgets what is buffered (socket(7))."""


async def connect_tcp(
    sock: socket.socket, remote: tuple[str, int], scope: Scope, attempt: int = 1
) -> "TcpStream":
    """Connect ``sock`` (from ``open_socket``) and wrap it; owns the socket from here on.

    Args:
        sock: non-blocking, unconnected.
        remote: IP address and port.
        scope: that of this connection.
        attempt: its number in the race, from 1.

    Raises:
        ConnectError: with the id that says why (tcp.refused, tcp.no_route, …).

    """
    loop = asyncio.get_running_loop()
    scope.emit(ConnectStarted(attempt, remote[0], remote[1]), direction="sent")
    try:
        await loop.sock_connect(sock, remote)
        connected_ns = scope.now_ns()
        transport, stream = await loop.create_connection(lambda: TcpStream(scope), sock=sock)
    except asyncio.CancelledError:
        sock.close()
        scope.emit(ConnectCancelled(attempt))
        raise
    except OSError as error:
        sock.close()
        cause = connect_cause(error)
        scope.emit(
            ConnectFailed(attempt, cause.id, cause.message, symbol(error)), direction="received"
        )
        raise _error(cause, remote) from error
    local = transport.get_extra_info("sockname")
    scope.emit(Connected(attempt, local[0], local[1]), direction="received", at_ns=connected_ns)
    stream.sample_info("connected")
    return stream


def open_socket(address: str, interface: str | None = None) -> socket.socket:
    """A non-blocking TCP socket for ``address``, bound to ``interface`` if one is given.

    Args:
        address: the IP address that it will connect to; decides the family.
        interface: a local IP address, or a device's name (needs CAP_NET_RAW on older kernels).

    Raises:
        ConnectError: tcp.interface.

    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # With its protocol named: asyncio sets TCP_NODELAY on such sockets alone.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setblocking(False)
    if interface is not None:
        try:
            _bind(sock, interface)
        except OSError as error:
            sock.close()
            raise ConnectError(
                "tcp.interface",
                f"cannot use interface {interface!r}: {error.strerror or error}",
                "give a device's name (`ip link`) or one of this host's addresses (`ip addr`)",
            ) from error
    return sock


def _bind(sock: socket.socket, interface: str) -> None:
    """Bind to a local address if ``interface`` is one, else to the device of that name."""
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            socket.inet_pton(family, interface)
            sock.bind((interface, 0))
            return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b"\0")


def _error(cause: Cause, remote: tuple[str, int]) -> ConnectError:
    host = f"[{remote[0]}]" if ":" in remote[0] else remote[0]
    return ConnectError(cause.id, f"{host}:{remote[1]}: {cause.message}", cause.hint)


class TcpStream(asyncio.Protocol):
    """A ``net.stream.Stream`` over one TCP connection; made by ``connect_tcp``."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.arrived_ns: int | None = None
        """When the bytes that ``receive`` gave last came, on the network's clock."""
        self._chunks: deque[tuple[bytes, int]] = deque()
        self._buffered_bytes = 0
        self._eof = False
        self._lost = False
        self._closing = False
        self._error: ConnectError | None = None
        self._wakeup: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._rtt_s = 0.0
        self._last_ns = scope.now_ns()
        self._merger = ReadMerger(self._emit_received)
        self._transport: asyncio.Transport

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio once, before anything else."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows asyncio's base type
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Called by asyncio: bytes came. The time is taken here, before anyone waits."""
        now_ns = self._last_ns = self.scope.now_ns()
        self._merger.add(len(data), now_ns)
        self._chunks.append((data, now_ns))
        self._buffered_bytes += len(data)
        if self._buffered_bytes > _HIGH_MARK_BYTES:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """Called by asyncio: the peer's FIN. The connection stays open for our own data."""
        self._merger.flush()
        self._eof = True
        self.scope.emit(Closed("fin"), direction="received")
        self._wake()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Called by asyncio: nothing more will come or go."""
        self._merger.flush()
        self._lost = True
        if isinstance(error, OSError):
            self._fail(error)
        self._wake()
        self._writable.set()

    def pause_writing(self) -> None:
        """Called by asyncio: the send buffer is over its high mark."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Called by asyncio: the send buffer has drained."""
        self._writable.set()

    # Stream's side

    async def receive(self) -> bytes:
        """The next bytes, or ``b""`` at the peer's FIN.

        Raises:
            ConnectError: tcp.reset and its like, after all bytes that came before it.

        """
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self._eof or self._lost:
                return b""
            await self._wait()
        data, self.arrived_ns = self._chunks.popleft()
        self._buffered_bytes -= len(data)
        if self._buffered_bytes <= _HIGH_MARK_BYTES // 2 and not self._lost:
            self._transport.resume_reading()
        return data

    async def send(self, data: bytes) -> None:
        """Hand over ``data``; waits while the send buffer is over its high mark.

        Raises:
            ConnectError: the connection is gone.

        """
        if not data:
            return
        self._check_open()
        self.scope.emit(BytesSent(len(data)), direction="sent")
        self._transport.write(data)
        await self._writable.wait()
        if self._error is not None and not self._chunks:
            raise self._error

    async def close(self, *, patient: bool = True) -> None:
        """Send what is buffered, then FIN; give the peer a round trip and a half for its own.

        Closing at once would answer whatever the peer still says (close_notify, GOAWAY) with RST:
        so it is when not ``patient``.
        """
        if self._closing:
            return
        self._end("fin")
        try:
            if patient and not self._lost:
                await self._await_peer()
        finally:
            self._transport.close()
        await asyncio.sleep(0)  # lets asyncio close the socket

    async def _await_peer(self) -> None:
        with contextlib.suppress(TimeoutError, OSError):  # reset meanwhile: nothing to wait for
            self._transport.write_eof()
            self._transport.resume_reading()
            async with asyncio.timeout(min(max(1.5 * self._rtt_s, 0.002), _FIN_WAIT_S)):
                await self._peer_end()

    def abort(self) -> None:
        """Throw away what is buffered and send RST, also after a ``close`` that was cancelled."""
        if self._lost:
            return
        if not self._closing:
            self._end("rst")
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
        self._transport.abort()

    @property
    def remote_address(self) -> tuple[str, int]:
        """IP address and port of the peer."""
        return _endpoint(self._transport.get_extra_info("peername"))

    @property
    def local_address(self) -> tuple[str, int]:
        """IP address and port of our end."""
        return _endpoint(self._transport.get_extra_info("sockname"))

    @property
    def is_closing(self) -> bool:
        """Nothing more can be sent: we, the peer or the network ended it."""
        return self._closing or self._lost or self._eof

    @property
    def rtt_s(self) -> float:
        """The kernel's smoothed round trip, or 0 when it is not known."""
        return self._rtt_s

    def probe(self, least_silence_s: float) -> None:
        """Have the kernel send a keepalive probe, if nothing has come for so long.

        Linux sends one at once when the idle time is set below what has passed already; other
        systems (the private internet's among them) take up to a second.
        """
        silence_ns = self.scope.now_ns() - self._last_ns
        sock = self._transport.get_extra_info("socket")
        if sock is None or self._lost or self._closing or silence_ns < least_silence_s * 1e9:
            return
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
            self.scope.emit(Probed(silence_ns), direction="sent")

    def sample_info(self, moment: str) -> None:
        """Read TCP_INFO now, where the system gives it, and record it for ``moment``."""
        sock = self._transport.get_extra_info("socket")
        info = read_tcp_info(sock) if sock is not None and not self._lost else None
        if info is not None:
            self._rtt_s = (info.rtt_us or 0) / 1e6
            self.scope.emit(InfoSampled(moment, info))

    # inside

    def _end(self, how: Literal["fin", "rst"]) -> None:
        self._closing = True
        self._merger.flush()
        if self._lost:
            return
        self.sample_info("end")
        self.scope.emit(Closed(how), direction="sent")

    def _fail(self, error: OSError) -> None:
        cause = stream_cause(error)
        self._error = ConnectError(cause.id, cause.message, cause.hint)
        how: Literal["rst", "timeout"] = "timeout" if cause.id == "tcp.timed_out" else "rst"
        self.scope.emit(Closed(how, symbol(error)), direction="received")

    def _check_open(self) -> None:
        if self._error is not None:
            raise self._error
        if self._lost or self._closing:
            raise ConnectError("tcp.reset", "the connection is closed")

    def _emit_received(self, count: int, reads: int, first_ns: int, span_ns: int) -> None:
        self.scope.emit(BytesReceived(count, reads, span_ns), direction="received", at_ns=first_ns)

    async def _peer_end(self) -> None:
        """Until the peer's FIN or RST; what comes before it is thrown away."""
        while not (self._eof or self._lost):
            self._chunks.clear()
            await self._wait()

    async def _wait(self) -> None:
        self._wakeup = asyncio.get_running_loop().create_future()
        try:
            await self._wakeup
        finally:
            self._wakeup = None

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)


def _endpoint(name: tuple[str, int, int, int] | tuple[str, int] | None) -> tuple[str, int]:
    return (name[0], name[1]) if name else ("", 0)
