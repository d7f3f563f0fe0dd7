"""Questions over UDP on the kernel's sockets, a fresh one with a random port each (RFC 5452, 9.2).

asyncio's own bookkeeping for a descriptor costs more than the system calls that a question needs,
so all sockets are in one epoll set of ours, and the loop watches that alone. A closed socket leaves
the set by itself (epoll(7)).
"""

import asyncio
import contextlib
import select
import socket

from firstbyte.protocols.dns.message import Message
from firstbyte.resolver.machine.values import FailureKind, Server
from firstbyte.resolver.upstream.entropy import Entropy
from firstbyte.resolver.upstream.queries import Exchange
from firstbyte.resolver.upstream.ways import Sink, failure_of, verdict

PORT_TRIES = 8
BATCH = 64
"""Sockets that are read before the answers are acted on."""
MAX_DATAGRAM = 65535
_ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}  # noqa: S104


class _Open:
    """A question under way. ``sock`` is C's type: Python's wrapper doubles its cost."""

    __slots__ = ("exchange", "sock", "wrong")

    def __init__(self, exchange: Exchange, sock: socket.SocketType) -> None:
        self.exchange = exchange
        self.sock = sock
        self.wrong = 0


class UdpSockets:
    """The questions under way, by descriptor and by number."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sink: Sink, entropy: Entropy) -> None:
        self._loop = loop
        self._sink = sink
        self._entropy = entropy
        self._open: dict[int, _Open] = {}
        self._descriptors: dict[int, int] = {}
        self._buffer = memoryview(bytearray(MAX_DATAGRAM))
        self._epoll = select.epoll()
        loop.add_reader(self._epoll.fileno(), self._ready)

    def ask(self, exchange: Exchange, target: Server) -> None:
        """Send a question from a port of its own."""
        number = exchange.ask.number
        try:
            sock = self._connected(target)
        except OSError:
            self._sink.failed(number, "unreachable")
            return
        descriptor = sock.fileno()
        try:
            self._epoll.register(descriptor, select.EPOLLIN)
            sock.send(exchange.data)
        except OSError as error:
            sock.close()
            self._sink.failed(number, failure_of(error))
            return
        self._open[descriptor] = _Open(exchange, sock)
        self._descriptors[number] = descriptor

    def _connected(self, target: Server) -> socket.SocketType:
        """A socket that hears this server alone, and ICMP's word of it."""
        family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
        sock = socket.SocketType(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            sock.bind((_ANY[family], self._entropy.port()))
        except OSError:
            self._bind_again(sock, family)
        try:
            sock.connect(target)
        except OSError:
            sock.close()
            raise
        return sock

    def _bind_again(self, sock: socket.SocketType, family: socket.AddressFamily) -> None:
        """The port was taken: try others, and at last let the kernel choose."""
        for _ in range(PORT_TRIES - 1):
            with contextlib.suppress(OSError):
                sock.bind((_ANY[family], self._entropy.port()))
                return

    def _ready(self) -> None:
        """Read every socket that has something, then let the sink act."""
        sink = self._sink
        sink.hold()
        try:
            for descriptor, _ in self._epoll.poll(0, BATCH):
                held = self._open.get(descriptor)
                if held is not None:
                    self._read(descriptor, held)
        finally:
            sink.release()

    def _read(self, descriptor: int, held: _Open) -> None:
        try:
            size = held.sock.recv_into(self._buffer)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(descriptor, held, failure_of(error))
            return
        outcome = verdict(held.exchange, bytes(self._buffer[:size]), held.wrong)
        if outcome is None:
            held.wrong += 1
        else:
            self._end(descriptor, held, outcome)

    def _end(self, descriptor: int, held: _Open, outcome: Message | FailureKind) -> None:
        number = held.exchange.ask.number
        del self._open[descriptor], self._descriptors[number]
        held.sock.close()
        if isinstance(outcome, Message):
            self._sink.received(number, outcome)
        else:
            self._sink.failed(number, outcome)

    def drop(self, number: int) -> None:
        """Forget a question; an answer will find its port closed."""
        descriptor = self._descriptors.pop(number, None)
        if descriptor is not None:
            self._open.pop(descriptor).sock.close()

    def close(self) -> None:
        """Forget all questions."""
        self._loop.remove_reader(self._epoll.fileno())
        for held in self._open.values():
            held.sock.close()
        self._open.clear()
        self._descriptors.clear()
        self._epoll.close()
