"""Octets of a question to one server, and those of the answer back, in clear: UDP and TCP."""

import asyncio
import contextlib
from typing import Any, Literal

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import walker
from firstbyte.protocols.dns.message import Message
from firstbyte.protocols.dns.names import name_end

MAX_TRANSFER_MESSAGES = 100_000
MAX_TRANSFER_BYTES = 1 << 30
_SOA_NUMBERS_BYTES = 20
"""Serial, refresh, retry, expire and minimum, at the end of a SOA."""
Server = tuple[str, int]
Transport = Literal["udp", "tcp", "tls", "https", "http"]


class Unanswered(Exception):
    """No answer; the words say why, and ``error_id`` what kind of failure it is."""

    def __init__(self, words: str, error_id: str = "dns.silent") -> None:
        super().__init__(words)
        self.error_id = error_id


def answers(query: bytes, data: bytes) -> bool:
    """Whether ``data`` is a response with our ID to our question (RFC 5452, 9.1)."""
    if len(data) < 12 or data[:2] != query[:2] or not data[2] & 0x80:
        return False
    if query[4:6] == b"\0\0":
        return True
    if data[4:6] == b"\0\0":
        return data[3] & 15 != dns.NOERROR
    end = name_end(query, 12)
    return (
        data[12:end].lower() == query[12:end].lower()
        and data[end : end + 4] == (query[end : end + 4])
    )


def reason(error: Exception) -> str:
    """An error of the system's, in words."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, query: bytes) -> None:
        self.settled: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._query = query

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:  # noqa: ARG002
        if not self.settled.done() and answers(self._query, data):
            self.settled.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.settled.done():
            self.settled.set_exception(Unanswered(reason(exc)))


async def over_udp(query: bytes, server: Server, source: Server | None) -> bytes:
    """The answer in a datagram.

    Raises:
        Unanswered: the system, or a router, says that it cannot be asked.

    """
    loop = asyncio.get_running_loop()
    try:
        transport, protocol = await loop.create_datagram_endpoint(
            lambda: _Datagrams(query), local_addr=source, remote_addr=server
        )
    except OSError as error:
        raise Unanswered(reason(error)) from error
    try:
        transport.sendto(query)
        return await protocol.settled
    finally:
        transport.close()


async def over_tcp(
    query: bytes, server: Server, source: Server | None, ends: "Ends | None"
) -> list[bytes]:
    """The answer, and for a transfer the messages after it, until it ``ends``.

    Raises:
        Unanswered: there is no connection, or it ends too soon.

    """
    try:
        reader, writer = await asyncio.open_connection(*server, local_addr=source)
    except OSError as error:
        raise Unanswered(reason(error)) from error
    try:
        writer.write(len(query).to_bytes(2, "big") + query)
        found = Found(query, ends)
        while not found.whole:
            size = int.from_bytes(await reader.readexactly(2), "big")
            found.take(await reader.readexactly(size))
        return found.messages
    except (asyncio.IncompleteReadError, OSError) as error:
        raise Unanswered("the connection was closed before the answer was whole") from error
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class Found:
    """The messages of a stream that answer one question."""

    def __init__(self, query: bytes, ends: "Ends | None") -> None:
        self.messages: list[bytes] = []
        self.whole = False
        self._query = query
        self._ends = ends
        self._bytes = 0

    def take(self, data: bytes) -> None:
        """One more message came; those of other questions are passed over.

        Raises:
            Unanswered: it cannot be read, or the zone is too large.

        """
        if data[:2] != self._query[:2] or len(data) < 12 or not data[2] & 0x80:
            return
        self.messages.append(data)
        self._bytes += len(data)
        if len(self.messages) > MAX_TRANSFER_MESSAGES or self._bytes > MAX_TRANSFER_BYTES:
            raise Unanswered("the zone is larger than any that is taken here")
        self.whole = self._ends is None or self._ends.after(data)


class Ends:
    """Finds the end of a transfer: the SOA with which it began (RFC 5936, 2.2; RFC 1995, 4).

    An incremental one has that SOA (the new version's) three times: at the start, before the last
    additions, and at the end. A whole zone has it twice, and other records between. Who has this
    version already, or a later one, gets it once (RFC 1995, 2).
    """

    def __init__(self, rdtype: int, serial: int | None) -> None:
        self._had = serial if rdtype == dns.IXFR else None
        self._soa: bytes | None = None
        self._seen = 0
        self._wanted = 2
        self._second = True

    def after(self, data: bytes) -> bool:
        """Whether the transfer is over with this message.

        Raises:
            Unanswered: it is malformed.

        """
        try:
            message: Message = walker.decode(data)
        except DecodeError as error:
            raise Unanswered(f"a message of the transfer is malformed: {error}") from error
        if message.rcode != dns.NOERROR or not message.answer:
            return True
        return any(self._take(record.rdtype, record.rdata) for record in message.answer)

    def _take(self, rdtype: int, rdata: bytes) -> bool:
        if self._soa is None:
            self._soa = rdata if rdtype == dns.SOA else b""
            self._seen = 1
            return rdtype != dns.SOA or self._is_current(rdata)
        if self._second:
            self._second = False
            if rdtype == dns.SOA and rdata != self._soa:
                self._wanted = 3
        if rdtype == dns.SOA and rdata == self._soa:
            self._seen += 1
        return self._seen >= self._wanted

    def _is_current(self, soa: bytes) -> bool:
        """Whether the client has this version already, by serial arithmetic (RFC 1982, 3.2)."""
        if self._had is None:
            return False
        ahead = (int.from_bytes(soa[-_SOA_NUMBERS_BYTES:][:4], "big") - self._had) % 2**32
        return ahead == 0 or ahead >= 2**31
