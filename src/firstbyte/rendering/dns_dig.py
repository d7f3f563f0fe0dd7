"""A message in dig's format: what scripts and eyes know."""

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import Struct

from firstbyte.errors import DecodeError
from firstbyte.journey.resolution import Exchange
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import ede, walker
from firstbyte.protocols.dns.message import Edns, Message, Record
from firstbyte.protocols.dns.names import to_text
from firstbyte.protocols.dns.presentation import (
    class_text,
    opcode_text,
    rcode_text,
    shown,
    type_text,
)
from firstbyte.rendering.escape import escape

NSID = 3
COOKIE = 10
_TAB = 8
_NAME_CELLS = 24


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


ALL = Parts()
"""What dig prints by itself."""


def short(exchange: Exchange, *, dnssec: bool = False) -> list[str]:
    """``+short``: the data alone."""
    message = decoded(exchange.response)
    records = [] if message is None else message.answer
    return [
        escape(shown(record).data)
        for record in records
        if dnssec or record.rdtype != dns.RRSIG or message_asks(message, dns.RRSIG)
    ]


def message_asks(message: Message | None, rdtype: int) -> bool:
    """Whether the question was for this type."""
    return message is not None and message.qtype == rdtype


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
        lines += [] if message is None else [record_line(r, parts) for r in message.answer]
    return lines + (_transfer_stats(exchange, len(lines)) if parts.stats else [])


def _transfer_stats(exchange: Exchange, records: int) -> list[str]:
    messages = 1 + len(exchange.more)
    size = len(exchange.response or b"") + sum(map(len, exchange.more))
    lines = _stats(exchange)[:-2]
    return [*lines, f";; XFR size: {records} records (messages {messages}, bytes {size})", ""]


def page(exchange: Exchange, parts: Parts = ALL, command: str = "") -> list[str]:
    """All the parts, as dig orders them."""
    lines = [f"; <<>> firstbyte dns <<>> {escape(command)}"] if parts.cmd else []
    if parts.qr:
        lines += [";; Sending:", *_message(exchange.query, parts)]
    if exchange.response is None:
        return [*lines, f";; {escape(exchange.failure or 'no answer')}", ""]
    if parts.comments:
        lines += [f";; {escape(note)}" for note in exchange.notes] + [";; Got answer:"]
    lines += _message(exchange.response, parts)
    return lines + (_stats(exchange) if parts.stats else [])


def _message(data: bytes, parts: Parts) -> list[str]:
    try:
        message = walker.decode(data)
    except DecodeError as error:
        return [f";; Got bad packet: {escape(str(error))}", data.hex()]
    lines = [*_header(message), ""] if parts.comments else []
    if parts.comments and message.edns is not None:
        lines += _opt(message.edns)
    if parts.question and message.qname is not None:
        lines += _question(message, comments=parts.comments)
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
    extra = len(message.additional) + (message.edns is not None)
    counts = (
        f"QUERY: {message.question_count}, ANSWER: {len(message.answer)}, "
        f"AUTHORITY: {len(message.authority)}, ADDITIONAL: {extra}"
    )
    return [
        f";; ->>HEADER<<- opcode: {opcode}, status: {status}, id: {message.id}",
        f";; flags: {flags}; {counts}",
    ]


def _opt(edns: Edns) -> list[str]:
    flags = " do" if edns.dnssec_ok else ""
    lines = [
        ";; OPT PSEUDOSECTION:",
        f"; EDNS: version: {edns.version}, flags:{flags}; udp: {edns.payload_bytes}",
    ]
    for code, value in edns.options:
        if code == ede.OPTION:
            continue
        label = {NSID: "NSID", COOKIE: "COOKIE"}.get(code, f"OPT={code}")
        readable = f' ("{escape(value.decode("latin-1"))}")' if code == NSID else ""
        lines.append(f"; {label}: {value.hex()}{readable}")
    for number, text in ede.errors(edns):
        said = f": ({escape(text)})" if text else ""
        lines.append(f"; EDE: {number} ({ede.name(number)}){said}")
    return lines


def _question(message: Message, *, comments: bool) -> list[str]:
    name = escape(to_text(message.qname or b"\0"))
    line = _tabbed(f";{name}", _NAME_CELLS + _TAB)
    line += f"{class_text(message.qclass)}\t{type_text(message.qtype)}"
    return [";; QUESTION SECTION:", line, ""] if comments else [line]


def _section(name: str, records: Iterable[Record], parts: Parts) -> list[str]:
    lines = [record_line(record, parts) for record in records]
    return [f";; {name} SECTION:", *lines, ""] if parts.comments else lines


def record_line(record: Record, parts: Parts = ALL) -> str:
    """One record as dig has it."""
    text = shown(record)
    line = _tabbed(escape(text.name), _NAME_CELLS)
    if parts.ttl:
        line += f"{text.ttl_s}\t"
    if parts.rdclass:
        line += f"{text.rdclass}\t"
    return line + f"{text.type}\t{escape(text.data)}"


def _tabbed(text: str, width: int) -> str:
    """``text`` and tabs up to a column; a blank at least."""
    missing = width - len(text)
    return text + ("\t" * -(-missing // _TAB) if missing > 0 else " ")


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
