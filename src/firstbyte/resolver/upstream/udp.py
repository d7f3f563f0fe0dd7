"""One question over UDP: a socket of its own with a random port (RFC 5452, 10)."""

import asyncio
import contextlib
import errno
import secrets
import socket
from collections.abc import Callable

from firstbyte.protocols.dns.message import Message
from firstbyte.resolver.machine.values import FailureKind, Server
from firstbyte.resolver.upstream.queries import Exchange

Received = Callable[[int, Message], None]
Failed = Callable[[int, FailureKind], None]
Cancel = Callable[[], None]
UdpAsker = Callable[[asyncio.AbstractEventLoop, Exchange, Server, Received, Failed], Cancel | None]
FIRST_PORT = 1024
PORT_TRIES = 3
MAX_DATAGRAM = 65535
MAX_MISMATCHES = 64
"""So many wrong datagrams on one socket are an attack, or noise: the question is asked anew."""


def socket_asker(
    loop: asyncio.AbstractEventLoop,
    exchange: Exchange,
    target: Server,
    received: Received,
    failed: Failed,
) -> Cancel | None:
    """Ask with a plain socket watched by the loop: the cheapest way on the kernel."""
    number = exchange.ask.number
    try:
        sock = _connected(target)
    except OSError:
        failed(number, "unreachable")
        return None
    wrong = 0
    descriptor = sock.fileno()  # asyncio takes long to look into a socket object

    def cancel() -> None:
        loop.remove_reader(descriptor)
        sock.close()

    def readable() -> None:
        nonlocal wrong
        try:
            data = sock.recv(MAX_DATAGRAM)
        except BlockingIOError:
            return
        except OSError as error:
            failed(number, failure_of(error))
            return
        wrong += 1
        take(exchange, data, wrong, received, failed)

    loop.add_reader(descriptor, readable)
    try:
        sock.send(exchange.data)
    except OSError as error:
        cancel()
        failed(number, failure_of(error))
        return None
    return cancel


def _connected(target: Server) -> socket.socket:
    family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        for _ in range(PORT_TRIES):
            port = FIRST_PORT + secrets.randbelow(65536 - FIRST_PORT)
            with contextlib.suppress(OSError):
                sock.bind(("", port))
                break
        sock.connect(target)
    except OSError:
        sock.close()
        raise
    return sock


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, exchange: Exchange, received: Received, failed: Failed) -> None:
        self._exchange = exchange
        self._received = received
        self._failed = failed
        self._wrong = 0

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:  # noqa: ARG002
        self._wrong += 1
        take(self._exchange, data, self._wrong, self._received, self._failed)

    def error_received(self, exc: Exception) -> None:
        self._failed(self._exchange.ask.number, failure_of(exc))


def datagram_asker(
    loop: asyncio.AbstractEventLoop,
    exchange: Exchange,
    target: Server,
    received: Received,
    failed: Failed,
) -> Cancel | None:
    """Ask through the loop's own datagram endpoint: where sockets are not the kernel's."""

    async def ask() -> None:
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(exchange, received, failed), remote_addr=target
            )
        except OSError as error:
            failed(exchange.ask.number, failure_of(error))
            return
        try:
            transport.sendto(exchange.data)
            await asyncio.Event().wait()
        finally:
            transport.close()

    task = loop.create_task(ask())
    return lambda: _stop(task)


def _stop(task: "asyncio.Task[None]") -> None:
    """Cancel, unless it is this very task that reports its failure."""
    if task is not asyncio.current_task():
        task.cancel()


def take(exchange: Exchange, data: bytes, wrong: int, received: Received, failed: Failed) -> None:
    """Judge a datagram: hand it on, report it, or wait for the next."""
    number = exchange.ask.number
    message = exchange.read(data)
    if isinstance(message, Message):
        received(number, message)
    elif message == "case":
        failed(number, "case")
    elif message == "malformed" or wrong >= MAX_MISMATCHES:
        failed(number, "malformed")


def failure_of(error: Exception) -> FailureKind:
    """What an error of the socket says of the server."""
    number = getattr(error, "errno", None)
    if number == errno.ECONNREFUSED:
        return "refused"
    if number in (errno.ECONNRESET, errno.EPIPE):
        return "closed"
    return "unreachable"
