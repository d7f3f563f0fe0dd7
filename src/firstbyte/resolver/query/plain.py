"""A question to one server, as dig asks it: UDP with retries, TCP on truncation, transfers."""

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from msgspec import Struct

from firstbyte.errors import DecodeError
from firstbyte.journey.resolution import Exchange
from firstbyte.net import system
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import walker, writer
from firstbyte.protocols.dns.message import Edns, Message
from firstbyte.protocols.dns.names import from_text
from firstbyte.protocols.dns.presentation import type_text
from firstbyte.resolver.query.options import options
from firstbyte.resolver.query.words import IXFR, Wanted

if TYPE_CHECKING:
    from firstbyte.resolver.query.telling import PlainTeller

AXFR = 252
ANY = 255
_HEADER_BYTES = 16
"""The header, and type and class of the question."""
_OPT_BYTES = 11
_SOA_NUMBERS_BYTES = 20
"""Serial, refresh, retry, expire and minimum, at the end of a SOA."""
MAX_TRANSFER_MESSAGES = 100_000
MAX_TRANSFER_BYTES = 1 << 30
Server = tuple[str, int]
Transport = Literal["udp", "tcp"]


class Question(Struct, frozen=True):
    """One question and the servers to try, each an address and a port."""

    name: str
    rdtype: int
    servers: tuple[Server, ...]
    shown_as: tuple[Server, ...] = ()
    """What the servers are called, where ``--map`` sends their questions elsewhere."""
    first_only: bool = False
    """Of a zone transfer, the first message is enough."""


class _Failed(Exception):
    """No answer; the words say why."""


def make_query(name: str, rdtype: int, wanted: Wanted) -> bytes:
    """The message.

    Raises:
        DecodeError: ``name`` is no domain name.

    """
    flags = wanted.flags
    key = from_text(_ascii(name))
    for on, bit in (
        (wanted.recurse, dns.RD),
        (wanted.authentic, dns.AD),
        (wanted.checking_disabled, dns.CD),
    ):
        flags |= bit if on else 0
    edns = None
    needs_edns = wanted.dnssec or wanted.subnet or wanted.cookie is not None or wanted.options
    version = 0 if wanted.edns is None and needs_edns else wanted.edns
    if version is not None:
        size = _HEADER_BYTES + len(key) + _OPT_BYTES
        chosen = options(wanted, size)
        edns = Edns(wanted.buffer_bytes, 0, version, wanted.dnssec, chosen)
    query = writer.query(secrets.randbits(16), flags, key, rdtype, edns, wanted.rdclass)
    if rdtype == IXFR and wanted.serial is not None:
        query = _with_serial(query, key, wanted.serial, wanted.rdclass)
    return query


def _ascii(name: str) -> str:
    """The A-labels of an internationalised name (RFC 5891); others as they are."""
    if name.isascii():
        return name
    import idna

    try:
        return idna.encode(name, uts46=True).decode()
    except idna.IDNAError as error:
        raise DecodeError(0, "name", "a domain name", str(error), "RFC 5891, 4") from error


def _with_serial(query: bytes, key: bytes, serial: int, rdclass: int) -> bytes:
    """The SOA that says what the client has (RFC 1995, 3), before the OPT record if any."""
    end = 12 + len(key) + 4
    soa = b"\0\0" + serial.to_bytes(4, "big") + bytes(16)
    record = b"\xc0\x0c" + bytes((0, dns.SOA)) + rdclass.to_bytes(2, "big") + bytes(4)
    record += len(soa).to_bytes(2, "big") + soa
    return query[:9] + b"\x01" + query[10:end] + record + query[end:]


async def ask(question: Question, wanted: Wanted, teller: "PlainTeller | None" = None) -> Exchange:
    """The first answer of the servers; a failure is told in the exchange, not raised.

    ``teller`` makes events of what happens.

    Raises:
        DecodeError: the name is no domain name.

    """
    query = make_query(question.name, question.rdtype, wanted)
    transfer = question.rdtype == AXFR or (question.rdtype == IXFR and wanted.serial is not None)
    tcp = wanted.tcp or transfer or question.rdtype == ANY  # as dig does (RFC 8482, 4.4)
    whole = transfer and not question.first_only
    asking = _Asking(question, query, wanted, teller, transfer=whole)
    notes: list[str] = []
    last: Exchange | None = None
    attempt = 0
    for _ in range(1 if tcp else wanted.tries):
        for index, server in enumerate(question.servers):
            attempt += 1
            named = question.shown_as[index] if question.shown_as else server
            last = await asking.once(server, named, tcp=tcp)
            if last.response is not None:
                return _noted(last, attempt, notes)
            notes.append(f"{named[0]}#{named[1]}: {last.failure}")
    if last is None:
        last = _exchange(question, query, ("", 0), "udp", failure="there is no server to ask")
    return _noted(last, attempt, notes)


def _noted(exchange: Exchange, attempts: int, notes: Sequence[str]) -> Exchange:
    from msgspec.structs import replace

    return replace(exchange, attempts=attempts, notes=(*notes, *exchange.notes))


@dataclass(slots=True)
class _Asking:
    """One question on its way to one server after the other."""

    question: Question
    query: bytes
    wanted: Wanted
    teller: "PlainTeller | None"
    transfer: bool = field(kw_only=True)

    async def once(self, server: Server, named: Server, *, tcp: bool) -> Exchange:
        """One server, over UDP with TCP on truncation, or over TCP."""
        clock = system.current()
        start_ns, when_s = clock.now_ns(), clock.wall_time_s()
        notes: tuple[str, ...] = ()
        came = await self._over("tcp" if tcp else "udp", server, named)
        if came.transport == "udp" and came.truncated and not self.wanted.ignore_truncation:
            notes = ("truncated, asked again over TCP",)
            came = await self._over("tcp", server, named)
        if came.response is None:
            failure = came.failure
            return _exchange(
                self.question, self.query, named, came.transport, when_s=when_s, failure=failure
            )
        return _exchange(
            self.question,
            self.query,
            named,
            came.transport,
            response=came.response,
            more=came.more,
            rtt_ms=(clock.now_ns() - start_ns) / 1e6,
            when_s=when_s,
            notes=notes,
        )

    async def _over(self, transport: Transport, server: Server, named: Server) -> "_Came":
        number = self._tell_asked(named, transport)
        more: list[bytes] = []
        wait_s = self.wanted.timeout_s * (60 if self.transfer else 1)
        try:
            async with asyncio.timeout(wait_s):
                if transport == "udp":
                    response = await _over_udp(self.query, server)
                else:
                    ends = (
                        _Ends(self.question.rdtype, self.wanted.serial) if self.transfer else None
                    )
                    response, more = await _over_tcp(self.query, server, ends)
        except TimeoutError:
            failure = f"no answer within {self.wanted.timeout_s:g} s"
            return self._failed(number, transport, failure, silent=True)
        except _Failed as error:
            return self._failed(number, transport, str(error), silent=False)
        if self.teller is not None:
            self.teller.answered(number, walker.decode(self.query), response, named)
        return _Came(transport, response, tuple(more))

    def _ends(self) -> "_Ends | None":
        """What knows the end of the answer, where it may be more than one message."""
        return _Ends(self.question.rdtype, self.wanted.serial) if self.transfer else None

    def _tell_asked(self, named: Server, transport: Transport) -> int:
        if self.teller is None:
            return 0
        return self.teller.asked(walker.decode(self.query), len(self.query), named, transport)

    def _failed(self, number: int, transport: Transport, why: str, *, silent: bool) -> "_Came":
        if self.teller is not None:
            self.teller.failed(number, why, silent=silent)
        return _Came(transport, failure=why)


class _Came(NamedTuple):
    """What one server sent over one transport."""

    transport: Transport
    response: bytes | None = None
    more: tuple[bytes, ...] = ()
    failure: str | None = None

    @property
    def truncated(self) -> bool:
        return self.response is not None and bool(self.response[2] & 0x02)


def _exchange(
    question: Question, query: bytes, server: Server, transport: str, **more: Any
) -> Exchange:
    return Exchange(
        name=question.name,
        type=type_text(question.rdtype),
        server=server[0],
        port=server[1],
        transport=transport,
        query=query,
        **more,
    )


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, query: bytes) -> None:
        self.settled: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._query = query

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:  # noqa: ARG002
        if not self.settled.done() and answers(self._query, data):
            self.settled.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.settled.done():
            self.settled.set_exception(_Failed(_reason(exc)))


def answers(query: bytes, data: bytes) -> bool:
    """Whether ``data`` is a response with our ID to our question (RFC 5452, 9.1)."""
    if len(data) < 12 or data[:2] != query[:2] or not data[2] & 0x80:
        return False
    if data[4:6] == b"\0\0":
        return data[3] & 15 != dns.NOERROR
    end = _name_end(query)
    return (
        data[12:end].lower() == query[12:end].lower()
        and data[end : end + 4] == (query[end : end + 4])
    )


def _name_end(query: bytes) -> int:
    """Where the name of our own question ends."""
    at = 12
    while query[at]:
        at += query[at] + 1
    return at + 1


async def _over_udp(query: bytes, server: Server) -> bytes:
    loop = asyncio.get_running_loop()
    try:
        transport, protocol = await loop.create_datagram_endpoint(
            lambda: _Datagrams(query), remote_addr=server
        )
    except OSError as error:
        raise _Failed(_reason(error)) from error
    try:
        transport.sendto(query)
        return await protocol.settled
    finally:
        transport.close()


async def _over_tcp(
    query: bytes, server: Server, ends: "_Ends | None"
) -> tuple[bytes, list[bytes]]:
    """The response, and for a transfer the messages after it, until it ``ends``."""
    try:
        reader, writer_ = await asyncio.open_connection(*server)
    except OSError as error:
        raise _Failed(_reason(error)) from error
    try:
        writer_.write(len(query).to_bytes(2, "big") + query)
        first = await _message(reader, query)
        return first, [] if ends is None else await _rest(reader, query, first, ends)
    except (asyncio.IncompleteReadError, OSError) as error:
        raise _Failed("the connection was closed before the answer was whole") from error
    finally:
        writer_.close()
        with contextlib.suppress(OSError):
            await writer_.wait_closed()


async def _message(reader: asyncio.StreamReader, query: bytes) -> bytes:
    while True:
        size = int.from_bytes(await reader.readexactly(2), "big")
        data = await reader.readexactly(size)
        if data[:2] == query[:2] and len(data) >= 12 and data[2] & 0x80:
            return data


async def _rest(
    reader: asyncio.StreamReader, query: bytes, first: bytes, ends: "_Ends"
) -> list[bytes]:
    """The messages up to the last SOA (RFC 5936, 2.2)."""
    more: list[bytes] = []
    total = len(first)
    data = first
    while not ends.after(data):
        if len(more) >= MAX_TRANSFER_MESSAGES or total > MAX_TRANSFER_BYTES:
            raise _Failed("the zone is larger than any that is taken here")
        data = await _message(reader, query)
        more.append(data)
        total += len(data)
    return more


class _Ends:
    """Finds the end of a transfer: the SOA with which it began (RFC 5936, 2.2; RFC 1995, 4).

    An incremental one has that SOA (the new version's) three times: at the start, before the last
    additions, and at the end. A whole zone has it twice, and other records between. Who has this
    version already, or a later one, gets it once (RFC 1995, 2).
    """

    def __init__(self, rdtype: int, serial: int | None) -> None:
        self._had = serial if rdtype == IXFR else None
        self._soa: bytes | None = None
        self._seen = 0
        self._wanted = 2
        self._second = True

    def after(self, data: bytes) -> bool:
        """Whether the transfer is over with this message."""
        try:
            message: Message = walker.decode(data)
        except DecodeError as error:
            raise _Failed(f"a message of the transfer is malformed: {error}") from error
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


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
