"""A DNS server on loopback that does what a test tells it, over UDP and TCP on one port.

::

    async with DnsServer({"www.example": {"A": ["192.0.2.1"]}}) as server:
        server.behave("slow.example", delay_s=0.03)
        settings = make_settings(servers=(server.address,))

Names are answered from the zone dict: ``{name: {type: [presentation data, …]}}``. CNAMEs are
followed, missing types are NODATA with a SOA, missing names NXDOMAIN with a SOA. A ``Behaviour``
for a name, a (name, type) or "*" changes that.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from testbed.ports import bind_pair

Zone = dict[str, dict[str, list[str]]]
SOA = "ns.example. admin.example. 1 3600 600 86400 60"


@dataclass(frozen=True)
class Behaviour:
    """How one question is treated; every field's default is what a good server does."""

    delay_s: float = 0.0
    silent: bool = False
    """No answer at all, over UDP and TCP."""
    rcode: str | None = None
    """Answer with this code and nothing else: "SERVFAIL", "REFUSED", "FORMERR"…"""
    truncate: bool = False
    """TC over UDP, with an empty answer section; the whole answer over TCP."""
    edns: str = "answer"
    """To a query with EDNS: "answer", "drop", or an rcode such as "FORMERR"."""
    garbage: tuple[bytes, ...] = ()
    """Datagrams (or framed messages) that are sent before the answer."""
    wrong_id: bool = False
    """A forged answer with another id comes first."""
    wrong_question: bool = False
    """A forged answer to another name comes first."""
    spoofed_source: bool = False
    """A forged answer with the right id comes first, from another port."""
    only_forged: bool = False
    """With the above: the true answer never comes."""
    extended_error: tuple[int, str] | None = None
    pad_bytes: int = 0
    """Grow the answer with TXT records of this many bytes in the additional section."""
    tcp: str = "whole"
    """"whole", "trickle" (a byte at a time), "close" (at once), "reset", "half" (then close)."""
    raw: Callable[[bytes], bytes] | None = None
    """Answer with what this makes of the query's bytes."""


@dataclass
class Asked:
    """A query that came."""

    name: str
    type: str
    transport: str
    edns: bool
    port: int
    """The client's."""
    id: int


ACCEPTING_TURNS = 4
"""Turns of the loop until a connection that the kernel accepted is known here, to be closed."""


@dataclass
class DnsServer:
    """Serves ``zone``; start it with ``async with``.

    ``tcp_port`` may be "open", "closed" (nothing listens) or "silent" (accepts, never answers).
    """

    zone: Zone = field(default_factory=dict)
    host: str = "127.0.0.1"
    ttl_s: int = 300
    tcp_port: str = "open"
    recursive: bool = True
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.address: tuple[str, int] = (self.host, 0)
        self._behaviours: dict[tuple[str, str], Behaviour] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tcp: asyncio.Server | None = None
        self._udp: asyncio.DatagramTransport | None = None
        self.connections = 0

    def behave(self, name: str = "*", type_: str = "*", **fields: object) -> None:
        """Treat questions for ``name`` and ``type_`` ("*" for any) in this way from now on."""
        self._behaviours[name.lower(), type_] = replace(Behaviour(), **fields)  # type: ignore[arg-type]

    def types_asked(self, name: str | None = None) -> list[str]:
        """The types of the questions that came, for ``name`` or all, in order."""
        return [asked.type for asked in self.asked if name in {None, asked.name}]

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        udp, tcp = bind_pair(self.host)
        self.address = (self.host, udp.getsockname()[1])
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), sock=udp)
        if self.tcp_port == "closed":
            tcp.close()
        else:
            self._tcp = await asyncio.start_server(self._accepted, sock=tcp)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for _ in range(ACCEPTING_TURNS):
            await asyncio.sleep(0)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    # Serving

    def spawn(self, work: "asyncio.Task[None]") -> None:
        self._tasks.add(work)
        work.add_done_callback(self._tasks.discard)

    async def answer_udp(self, data: bytes, peer: tuple[str, int]) -> None:
        """Treat one datagram."""
        assert self._udp is not None
        query, behaviour = self._read(data, "udp", peer[1])
        for message, spoofed in await self._messages(data, query, behaviour, "udp"):
            if spoofed:
                family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
                with socket.socket(family, socket.SOCK_DGRAM) as other:
                    other.bind((self.host, 0))
                    other.sendto(message, peer)
            else:
                self._udp.sendto(message, peer)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Known from here on: a task that is cancelled before it begins closes nothing itself."""
        self.connections += 1
        self._writers.add(writer)
        self.spawn(asyncio.create_task(self._serve_tcp(reader, writer)))

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self.converse(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, transport: str = "tcp"
    ) -> None:
        """Answer framed queries until the client leaves; answers may overtake each other."""
        port = writer.get_extra_info("peername")[1]
        while True:
            size = int.from_bytes(await reader.readexactly(2), "big")
            data = await reader.readexactly(size)
            if self.tcp_port == "silent":
                continue
            self.spawn(asyncio.create_task(self._answer_tcp(data, writer, transport, port)))

    async def _answer_tcp(
        self, data: bytes, writer: asyncio.StreamWriter, transport: str, port: int
    ) -> None:
        query, behaviour = self._read(data, transport, port)
        if behaviour.tcp in {"close", "reset"}:
            if behaviour.tcp == "reset":
                linger = b"\1\0\0\0\0\0\0\0"
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
            writer.transport.abort() if behaviour.tcp == "reset" else writer.close()
            return
        for message, _ in await self._messages(data, query, behaviour, transport):
            framed = len(message).to_bytes(2, "big") + message
            if behaviour.tcp == "half":
                writer.write(framed[: len(framed) // 2])
                writer.close()
                return
            await _write(writer, framed, trickle=behaviour.tcp == "trickle")

    def _read(
        self, data: bytes, transport: str, port: int
    ) -> tuple[dns.message.Message, Behaviour]:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        type_ = dns.rdatatype.to_text(question.rdtype)
        self.asked.append(Asked(name, type_, transport, query.edns >= 0, port, query.id))
        for key in ((name, type_), (name, "*"), ("*", type_), ("*", "*")):
            if key in self._behaviours:
                return query, self._behaviours[key]
        return query, Behaviour()

    async def answer_bytes(self, data: bytes, transport: str) -> bytes | None:
        """The answer to ``data`` for transports of other servers (DoH); None for silence."""
        query, behaviour = self._read(data, transport, 0)
        messages = await self._messages(data, query, behaviour, transport)
        return messages[-1][0] if messages else None

    async def _messages(
        self, data: bytes, query: dns.message.Message, behaviour: Behaviour, transport: str
    ) -> list[tuple[bytes, bool]]:
        """The messages to send, each with whether it comes from a spoofed source."""
        await asyncio.sleep(behaviour.delay_s)
        if behaviour.silent or (behaviour.edns == "drop" and query.edns >= 0):
            return []
        if behaviour.raw is not None:
            return [(behaviour.raw(data), False)]
        answer = self.build(query, behaviour, transport)
        messages = [(garbage, False) for garbage in behaviour.garbage]
        messages += _forged(query, behaviour)
        if not behaviour.only_forged:
            messages.append((answer.to_wire(max_size=65535, want_shuffle=False), False))
        return messages

    def build(
        self, query: dns.message.Message, behaviour: Behaviour, transport: str
    ) -> dns.message.Message:
        """The answer that ``behaviour`` and the zone give."""
        answer = dns.message.make_response(query, recursion_available=self.recursive)
        if query.edns >= 0 and behaviour.edns != "answer":
            answer.use_edns(False)
            answer.set_rcode(dns.rcode.from_text(behaviour.edns))
            return answer
        if behaviour.extended_error is not None:
            code, text = behaviour.extended_error
            answer.use_edns(0, options=[dns.edns.EDEOption(code, text)])
        if behaviour.rcode is not None:
            answer.set_rcode(dns.rcode.from_text(behaviour.rcode))
            return answer
        if behaviour.truncate and transport == "udp":
            answer.flags |= dns.flags.TC
            return answer
        self._fill(answer, query.question[0])
        if behaviour.pad_bytes:
            _pad(answer, behaviour.pad_bytes)
        return answer

    def _fill(self, answer: dns.message.Message, question: dns.rrset.RRset) -> None:
        name = question.name.to_text(omit_final_dot=True).lower()
        type_ = dns.rdatatype.to_text(question.rdtype)
        for _ in range(40):
            records = self.zone.get(name)
            if records is None:
                if not answer.answer or answer.answer[-1].rdtype == dns.rdatatype.CNAME:
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                break
            if type_ in records:
                answer.answer.append(self._rrset(name, type_, records[type_]))
                return
            if "CNAME" not in records:
                break
            answer.answer.append(self._rrset(name, "CNAME", records["CNAME"]))
            name = records["CNAME"][0].removesuffix(".").lower()
        answer.authority.append(self._rrset("example", "SOA", [SOA]))

    def _rrset(self, name: str, type_: str, data: list[str]) -> dns.rrset.RRset:
        return dns.rrset.from_text(f"{name}.", self.ttl_s, "IN", type_, *data)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.spawn(asyncio.ensure_future(self._server.answer_udp(data, addr)))


def _forged(query: dns.message.Message, behaviour: Behaviour) -> list[tuple[bytes, bool]]:
    """Answers that a spoofer would send: each says 203.0.113.66 to an A question."""
    messages = []
    if behaviour.wrong_id:
        forged = _lie(query)
        forged.id = query.id ^ 0x5555
        messages.append((forged.to_wire(), False))
    if behaviour.wrong_question:
        other = dns.message.make_query("other.example.", query.question[0].rdtype, id=query.id)
        messages.append((_lie(other).to_wire(), False))
    if behaviour.spoofed_source:
        messages.append((_lie(query).to_wire(), True))
    return messages


def _lie(query: dns.message.Message) -> dns.message.Message:
    answer = dns.message.make_response(query, recursion_available=True)
    name = query.question[0].name
    if query.question[0].rdtype == dns.rdatatype.A:
        answer.answer.append(dns.rrset.from_text(name, 300, "IN", "A", "203.0.113.66"))
    return answer


def _pad(answer: dns.message.Message, size: int) -> None:
    texts = [f'"{index:03}{"x" * 200}"' for index in range(size // 216 + 1)]
    answer.additional.append(dns.rrset.from_text("pad.example.", 1, "IN", "TXT", *texts))


async def _write(writer: asyncio.StreamWriter, data: bytes, *, trickle: bool) -> None:
    pieces = [data[i : i + 1] for i in range(len(data))] if trickle else [data]
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
