"""The daemon's sockets, and UDP drained in batches."""

import asyncio
import contextlib
import socket

from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.daemon.service import Service
from firstbyte.resolver.machine.values import Moment

BATCH = 64
"""Datagrams taken at one wake-up: the loop's own cost is shared by them."""
MAX_DATAGRAM = 4096
BUFFER_BYTES = 4 * 1024 * 1024


def bind(address: tuple[str, int], kind: socket.SocketKind, *, shared: bool) -> socket.socket:
    """A bound socket of its own for an address; ``shared`` with other workers.

    Raises:
        OSError: the address is taken, or not of this machine.

    """
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    sock = socket.socket(family, kind | socket.SOCK_NONBLOCK)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if kind is socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        sock.bind(address)
        if kind is socket.SOCK_STREAM:
            sock.listen(128)
    except OSError:
        sock.close()
        raise
    return sock


class UdpListener:
    """Answers datagrams."""

    def __init__(self, sock: socket.socket, service: Service) -> None:
        self._sock = sock
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._drain)

    def _drain(self) -> None:
        sock, service = self._sock, self._service
        receive = sock.recvfrom
        now = service.moment()
        count = 0
        driver = service.driver
        driver.hold()
        try:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                for _ in range(BATCH):
                    data, client = receive(MAX_DATAGRAM)
                    count += 1
                    self._answer(data, client, service, now)
        finally:
            driver.release()
        service.statistics.questions["udp"] += count

    def _answer(self, data: bytes, client: tuple[str, int], service: Service, now: Moment) -> None:
        def reply(answer: bytes) -> None:
            try:
                self._sock.sendto(answer, client)
            except OSError:
                return  # the client is gone, or the queue is full: as if it were lost on the way

        service.ask(data, client[0], reply, now, Channel.UDP)

    def stop(self) -> None:
        """Take no more questions."""
        self._loop.remove_reader(self._sock)

    def close(self) -> None:
        """Close the socket."""
        self.stop()
        self._sock.close()
