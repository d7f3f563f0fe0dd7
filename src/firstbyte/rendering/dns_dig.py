"""A message in dig's format: what scripts and eyes know."""

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.errors import DecodeError
from firstbyte.journey.resolution import Exchange
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import walker
from firstbyte.protocols.dns.message import Message, Record
from firstbyte.protocols.dns.names import to_text
from firstbyte.protocols.dns.presentation import (
    class_text,
    opcode_text,
    rcode_text,
    shown,
    type_text,
)
from firstbyte.rendering.dns_dig_options import opt_lines
from firstbyte.rendering.dns_dig_record import Style, column, data_lines, record_line
from firstbyte.rendering.escape import escape

_MUST_BE_ZERO = 0x0040


class Parts(Struct, frozen=True):
    """Which parts are printed; dig's words of the same names."""

    question: bool = True
    answer: bool = True
    authority: bool = True
    additional: bool = True
    comments: bool = True
    stats: bool = True
    cmd: bool = True
    ttl: bool = True
    rdclass: bool = True
    identify: bool = False
    qr: bool = False
    multiline: bool = False
    ttlunits: bool = False
    rrcomments: bool = False
    crypto: bool = True
    onesoa: bool = False

    @property
    def style(self) -> Style:
        """How records are written."""
        return Style(
            self.ttl, self.rdclass, self.ttlunits, self.multiline, self.rrcomments, self.crypto
        )


ALL = Parts()
"""What dig prints by itself."""


def short(exchange: Exchange, parts: Parts = ALL, *, dnssec: bool = False) -> list[str]:
    """``+short``: the data alone, each on a line."""
    message = decoded(exchange.response)
    style = replace(parts.style, multiline=False)
    if message is None:
        return _unanswered(exchange)
    came = f" from server {escape(exchange.server)} in {exchange.rtt_ms or 0.0:.0f} ms."
    return [
        data_lines(record, shown(record).data, style) + (came if parts.identify else "")
        for record in message.answer
        if dnssec or record.rdtype != dns.RRSIG or message.qtype == dns.RRSIG
    ]


def banner(command: str, servers: int = 1) -> list[str]:
    """What was asked for: the lines before the first answer."""
    found = f"; ({servers} server{'s' if servers != 1 else ''} found)"
    return ["", f"; <<>> firstbyte dns <<>> {escape(command)}", found, ";; global options: +cmd"]


def _unanswered(exchange: Exchange) -> list[str]:
    """Why there is no answer, of each server that was asked."""
    lines = []
    for note in exchange.notes:
        where, _, why = note.partition(": ")
        reason = "timed out" if why.startswith("no answer within") else why
        lines.append(f";; communications error to {escape(where)}: {escape(reason)}")
    if not lines and exchange.failure:
        lines = [f";; {escape(exchange.failure)}"]
    return [*lines, ";; no servers could be reached"]


def decoded(data: bytes | None) -> Message | None:
    """The message, or None where there is none or it is broken."""
    try:
        return None if data is None else walker.decode(data)
    except DecodeError:
        return None


def transfer(exchange: Exchange, parts: Parts) -> list[str]:
    """A zone transfer: its records, line by line."""
    lines = []
    for data in (exchange.response, *exchange.more):
        message = decoded(data)
        lines += [] if message is None else [record_line(r, parts.style) for r in message.answer]
    if not lines:
        return ["; Transfer failed."]
    count = len(lines)
    if parts.onesoa and count > 1:
        lines = lines[:-1]
    return lines + (_transfer_stats(exchange, count) if parts.stats else [])


def _transfer_stats(exchange: Exchange, records: int) -> list[str]:
    messages = 1 + len(exchange.more)
    size = len(exchange.response or b"") + sum(map(len, exchange.more))
    lines = _stats(exchange)[:-2]
    return [*lines, f";; XFR size: {records} records (messages {messages}, bytes {size})", ""]


def page(exchange: Exchange, parts: Parts = ALL) -> list[str]:
    """All the parts, as dig orders them."""
    lines: list[str] = []
    if parts.qr:
        lines += [";; Sending:", *_message(exchange.query, parts)]
        if parts.comments:
            lines += [f";; QUERY SIZE: {len(exchange.query)}", ""]
    if exchange.response is None:
        return [*lines, *_unanswered(exchange)]
    if parts.comments:
        lines += [f";; {escape(note)}" for note in exchange.notes] + [";; Got answer:"]
    lines += _message(exchange.response, parts, exchange.query)
    return lines + (_stats(exchange) if parts.stats else [])


def _message(data: bytes, parts: Parts, query: bytes | None = None) -> list[str]:
    try:
        message = walker.decode(data)
    except DecodeError as error:
        return [f";; Got bad packet: {escape(str(error))}", data.hex()]
    lines = _header(message) if parts.comments else []
    if parts.comments:
        lines += [*_warnings(message, query), ""]
    asked = decoded(query)
    if parts.comments and message.edns is not None:
        lines += opt_lines(message.edns, asked.edns if asked is not None else None)
    if parts.question and message.qname is not None:
        lines += _question(message, parts)
    for name, wanted, records in (
        ("ANSWER", parts.answer, message.answer),
        ("AUTHORITY", parts.authority, message.authority),
        ("ADDITIONAL", parts.additional, message.additional),
    ):
        if wanted and records:
            lines += _section(name, records, parts)
    return lines


def _header(message: Message) -> list[str]:
    opcode, status = opcode_text(message.opcode), rcode_text(message.rcode)
    flags = " ".join(dns.flag_words(message.flags))
    flags += "; MBZ: 0x4" if message.flags & _MUST_BE_ZERO else ""
    extra = len(message.additional) + (message.edns is not None)
    counts = (
        f"QUERY: {message.question_count}, ANSWER: {len(message.answer)}, "
        f"AUTHORITY: {len(message.authority)}, ADDITIONAL: {extra}"
    )
    return [
        f";; ->>HEADER<<- opcode: {opcode}, status: {status}, id: {message.id}",
        f";; flags: {flags}; {counts}",
    ]


def _warnings(message: Message, query: bytes | None) -> list[str]:
    asked = decoded(query)
    if asked is not None and asked.flags & dns.RD and not message.flags & dns.RA:
        return [";; WARNING: recursion requested but not available"]
    return []


def _question(message: Message, parts: Parts) -> list[str]:
    name = escape(to_text(message.qname or b"\0"))
    _, at_class, at_type, _ = parts.style.columns
    line = column(name, at_class) + class_text(message.qclass)
    line = ";" + column(line, at_type) + type_text(message.qtype)
    return [";; QUESTION SECTION:", line, ""] if parts.comments else [line]


def _section(name: str, records: Iterable[Record], parts: Parts) -> list[str]:
    lines = [record_line(record, parts.style) for record in records]
    return [f";; {name} SECTION:", *lines, ""] if parts.comments else lines


def _stats(exchange: Exchange) -> list[str]:
    when = datetime.fromtimestamp(exchange.when_s, UTC)
    server = f"{exchange.server}#{exchange.port}({exchange.server})"
    return [
        f";; Query time: {exchange.rtt_ms or 0.0:.0f} msec",
        f";; SERVER: {escape(server)} ({exchange.transport.upper()})",
        f";; WHEN: {when:%a %b %d %H:%M:%S UTC %Y}",
        f";; MSG SIZE  rcvd: {len(exchange.response or b'')}",
        "",
    ]
