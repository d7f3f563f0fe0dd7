"""The authoritative server on an event loop, the machine's or the simulated one: UDP and TCP."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

from msgspec import Struct, field

from firstbyte.net import system
from firstbyte.protocols.dns.message import Message
from firstbyte.server.dns.answers import DEFAULT, Client, Manners, answer, read
from firstbyte.server.dns.delivery import Delivery, Treatment, truth
from firstbyte.server.dns.transfer import messages
from firstbyte.server.dns.zone_set import ZoneSet

DRAIN_S = 30.0
"""How long a TCP client may leave its answer unread."""
MAX_CONNECTIONS = 200
PORT_TRIES = 16
_TSIG = b"\0\xfa\0\xff"
"""Type TSIG, class ANY (RFC 8945, 4.2)."""


class NameServer(Struct, eq=False):
    """Serves ``zones`` at ``address`` (port 0: a free one) while it is entered.

    ::

        async with NameServer(zones, ("127.0.0.1", 0)) as server:
            print(server.address)

    ``treatments`` change what is sent, in their order: the faults of the lab.
    """

    zones: ZoneSet
    address: tuple[str, int] = ("127.0.0.1", 0)
    manners: Manners = DEFAULT
    treatments: Sequence[Treatment] = ()
    asked: int = 0
    """Questions that came."""
    _wall_time_s: Callable[[], float] = time.time
    _udp: asyncio.DatagramTransport | None = None
    _tcp: asyncio.Server | None = None
    _connections: set["asyncio.Task[None]"] = field(default_factory=set)
    _timers: set[asyncio.TimerHandle] = field(default_factory=set)

    async def start(self) -> None:
        """Bind both sockets.

        Raises:
            OSError: the address cannot be had.

        """
        self._wall_time_s = system.current().wall_time_s
        host, port = self.address
        for attempt in range(PORT_TRIES):
            try:
                await self._bind(host, port)
                return
            except OSError:
                if port or attempt == PORT_TRIES - 1:
                    raise

    async def _bind(self, host: str, port: int) -> None:
        """Both on one port; a free one that UDP got may be taken for TCP."""
        loop = asyncio.get_running_loop()
        udp, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=(host, port)
        )
        taken = udp.get_extra_info("sockname")[1]
        try:
            self._tcp = await asyncio.start_server(self._converse, host, taken)
        except OSError:
            udp.close()
            raise
        self._udp = udp
        self.address = (host, taken)

    async def serve_on(self, udp: socket.socket, tcp: socket.socket) -> None:
        """Serve by sockets that are bound already: instead of ``start``."""
        self._wall_time_s = system.current().wall_time_s
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=udp)
        self._tcp = await asyncio.start_server(self._converse, sock=tcp)
        self.address = udp.getsockname()[:2]

    async def close(self) -> None:
        """Free everything; clients under way are cut off."""
        for timer in self._timers:
            timer.cancel()
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def deliveries(self, query: bytes, client: Client) -> list[Delivery]:
        """What is sent for one query."""
        self.asked += 1
        now_s = self._wall_time_s()
        if not may_be_signed(query):
            return self._treated(query, client, now_s)
        from firstbyte.protocols.dns.tsig import Chain
        from firstbyte.server.dns.signed import opened, signed_by

        asked = opened(query, client, self.manners, now_s)
        if asked.refused is not None:
            return truth(asked.refused)
        out = self._treated(asked.query, signed_by(client, asked.chain), now_s)
        chain = asked.chain
        if chain is None:
            return out
        # each by itself: whatever else a fault sends, a signature covers the query's
        key, mac = chain.key, chain.mac
        return [one._replace(data=Chain(key, mac).sign(one.data, now_s)) for one in out]

    def _treated(self, query: bytes, client: Client, now_s: float) -> list[Delivery]:
        """The answer, and what the faults make of it."""
        out = truth(answer(query, client, self.zones, now_s, self.manners))
        if self.treatments:
            message = read(query)
            if isinstance(message, Message):
                for treat in self.treatments:
                    out = treat(message, client, out)
        return out

    def _transfer(self, query: bytes, client: Client) -> Iterable[bytes] | None:
        """The messages of a zone transfer, signed as the query is; None where it is none."""
        now_s = self._wall_time_s()
        if not may_be_signed(query):
            return messages(query, client, self.zones, now_s, self.manners)
        from firstbyte.server.dns.signed import opened, signed_by

        asked = opened(query, client, self.manners, now_s)
        if asked.refused is not None:
            return None
        known = signed_by(client, asked.chain)
        whole = messages(asked.query, known, self.zones, now_s, self.manners)
        chain = asked.chain
        if whole is None or chain is None:
            return whole
        return (chain.sign(data, self._wall_time_s(), multi=True) for data in whole)

    # UDP ------------------------------------------------------------------------------------

    def take_datagram(self, data: bytes, peer: tuple[Any, ...]) -> None:
        """Answer one datagram."""
        for delivery in self.deliveries(data, Client(peer[0])):
            if delivery.delay_s > 0 or delivery.forged:
                self._later(delivery, peer)
            elif self._udp is not None:
                self._udp.sendto(delivery.data, peer)

    def _later(self, delivery: Delivery, peer: tuple[Any, ...]) -> None:
        loop = asyncio.get_running_loop()

        def send() -> None:
            self._timers.discard(handle)
            if delivery.forged:
                self._track(loop.create_task(self._forge(delivery.data, peer)))
            elif self._udp is not None and not self._udp.is_closing():
                self._udp.sendto(delivery.data, peer)

        handle = loop.call_later(delivery.delay_s, send)
        self._timers.add(handle)

    async def _forge(self, data: bytes, peer: tuple[Any, ...]) -> None:
        """Send from a port that is not the server's."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=(self.address[0], 0)
        )
        transport.sendto(data, peer)
        transport.close()

    def _track(self, task: "asyncio.Task[None]") -> None:
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    # TCP ------------------------------------------------------------------------------------

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._track(task)
        peer = writer.get_extra_info("peername")
        client = Client(peer[0] if peer else "0.0.0.0", "tcp")  # noqa: S104 - nobody's
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                while True:
                    async with asyncio.timeout(self.manners.idle_s):
                        size = int.from_bytes(await reader.readexactly(2), "big")
                        query = await reader.readexactly(size)
                    await self._answer_stream(query, client, writer)
        finally:
            writer.close()

    async def _answer_stream(
        self, query: bytes, client: Client, writer: asyncio.StreamWriter
    ) -> None:
        whole = self._transfer(query, client)
        if whole is not None:
            self.asked += 1
            await _write(whole, writer)
            return
        for delivery in self.deliveries(query, client):
            if delivery.delay_s > 0:
                await asyncio.sleep(delivery.delay_s)
            await _write((delivery.data,), writer)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._server.take_datagram(data, addr)


def may_be_signed(query: bytes) -> bool:
    """Whether a TSIG record can be in it: type and class stand in clear."""
    return _TSIG in query


async def _write(parts: Iterable[bytes], writer: asyncio.StreamWriter) -> None:
    for data in parts:
        writer.write(len(data).to_bytes(2, "big") + data)
        async with asyncio.timeout(DRAIN_S):
            await writer.drain()
