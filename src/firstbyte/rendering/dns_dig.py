"""A message in dig's format: what scripts and eyes know."""

import re
import struct
from collections.abc import Iterable, Sequence
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
    BASE64_CHUNK,
    class_text,
    opcode_text,
    rcode_text,
    type_text,
)
from firstbyte.rendering.dns_dig_options import opt_lines
from firstbyte.rendering.dns_dig_record import Style, column, data_lines, record_line
from firstbyte.rendering.escape import escape

_MUST_BE_ZERO = 0x0040
_COUNTS_AT = 6
"""Where a message says how many records its sections have (RFC 1035, 4.1.1)."""
_A_LABEL = re.compile(r"(?<![\w-])xn--[a-z0-9-]+", re.IGNORECASE)


SECTIONS = ("question", "answer", "authority", "additional", "comments", "stats", "cmd")


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
    unknownformat: bool = False
    expandaaaa: bool = False
    idnout: bool = False
    usec: bool = False
    """Times in microseconds: ``-u``."""
    split: int = BASE64_CHUNK
    """Characters of keys and signatures between blanks; 0: none."""

    @property
    def style(self) -> Style:
        """How records are written."""
        return Style(
            self.ttl,
            self.rdclass,
            self.ttlunits,
            self.multiline,
            self.rrcomments,
            self.crypto,
            self.unknownformat,
            self.expandaaaa,
            self.split,
        )


ALL = Parts()
"""What dig prints by itself."""
_NO_FORMAT = frozenset({"identify", "onesoa", "usec"})


def is_wanted(said: dict[str, bool | int]) -> bool:
    """Whether these words ask for dig's format: a section of it, or a look that it has alone."""
    return any(
        name in SECTIONS or value != getattr(ALL, name)
        for name, value in said.items()
        if name not in _NO_FORMAT
    )


def short(exchange: Exchange, parts: Parts = ALL, *, dnssec: bool = False) -> list[str]:
    """``+short``: the data alone, each on a line."""
    message = decoded(exchange.response)
    style = replace(parts.style, multiline=False)
    if message is None:
        return _unanswered(exchange)
    came = f" from server {escape(exchange.server)} in {_took(exchange, parts, 'ms', 'us')}."
    return [
        data_lines(record, style) + (came if parts.identify else "")
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


def with_unicode(line: str) -> str:
    """A line with the U-labels of internationalised names (RFC 5890, 2.3.2.1): ``+idnout``."""
    return _A_LABEL.sub(lambda found: _u_label(found[0]), line)


def _u_label(label: str) -> str:
    import idna

    try:
        return escape(idna.decode(label.lower()))
    except (idna.IDNAError, UnicodeError):
        return label


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
    return lines + (_transfer_stats(exchange, parts, count) if parts.stats else [])


def _transfer_stats(exchange: Exchange, parts: Parts, records: int) -> list[str]:
    messages = 1 + len(exchange.more)
    size = len(exchange.response or b"") + sum(map(len, exchange.more))
    lines = _stats(exchange, parts)[:-2]
    return [*lines, f";; XFR size: {records} records (messages {messages}, bytes {size})", ""]


def page(exchange: Exchange, parts: Parts = ALL, head: Sequence[str] = ()) -> list[str]:
    """All the parts, as dig orders them; what happened on the way stands before the ``head``."""
    lines: list[str] = []
    if exchange.response is not None and parts.comments:
        lines += [f";; {escape(note)}" for note in exchange.notes]
    lines += head
    if parts.qr:
        lines += [";; Sending:", *_message(exchange.query, parts)]
        if parts.comments:
            lines += [f";; QUERY SIZE: {len(exchange.query)}", ""]
    if exchange.response is None:
        return [*lines, *_unanswered(exchange)]
    if parts.comments:
        lines.append(";; Got answer:")
    lines += _message(exchange.response, parts, exchange.query)
    return lines + (_stats(exchange, parts) if parts.stats else [])


def _message(data: bytes, parts: Parts, query: bytes | None = None) -> list[str]:
    try:
        message = walker.decode(data)
    except DecodeError as error:
        return [f";; Got bad packet: {escape(str(error))}", data.hex()]
    lines = _header(message) if parts.comments else []
    if parts.comments:
        lines += [*_warnings(data, message, query), ""]
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


def _warnings(data: bytes, message: Message, query: bytes | None) -> list[str]:
    lines = []
    asked = decoded(query)
    if asked is not None and asked.flags & dns.RD and not message.flags & dns.RA:
        lines.append(";; WARNING: recursion requested but not available")
    announced = sum(struct.unpack_from("!3H", data, _COUNTS_AT))
    read = len(message.answer) + len(message.authority) + len(message.additional)
    broken = announced - read - (message.edns is not None)
    if broken:
        lines.append(f";; WARNING: {broken} malformed record{'s' * (broken > 1)} left out")
    return lines


def _question(message: Message, parts: Parts) -> list[str]:
    name = escape(to_text(message.qname or b"\0"))
    _, at_class, at_type, _ = parts.style.columns
    rdclass, rdtype = class_text(message.qclass), type_text(message.qtype)
    if parts.unknownformat:
        rdclass, rdtype = f"CLASS{message.qclass}", f"TYPE{message.qtype}"
    line = ";" + column(column(name, at_class) + rdclass, at_type) + rdtype
    return [";; QUESTION SECTION:", line, ""] if parts.comments else [line]


def _section(name: str, records: Iterable[Record], parts: Parts) -> list[str]:
    lines = [record_line(record, parts.style) for record in records]
    return [f";; {name} SECTION:", *lines, ""] if parts.comments else lines


def _took(exchange: Exchange, parts: Parts, unit: str, micro: str) -> str:
    took_ms = exchange.rtt_ms or 0.0
    return f"{took_ms * 1000:.0f} {micro}" if parts.usec else f"{took_ms:.0f} {unit}"


def _stats(exchange: Exchange, parts: Parts) -> list[str]:
    when = datetime.fromtimestamp(exchange.when_s, UTC)
    server = f"{exchange.server}#{exchange.port}({exchange.server})"
    return [
        f";; Query time: {_took(exchange, parts, 'msec', 'usec')}",
        f";; SERVER: {escape(server)} ({exchange.transport.upper()})",
        f";; WHEN: {when:%a %b %d %H:%M:%S UTC %Y}",
        f";; MSG SIZE  rcvd: {len(exchange.response or b'')}",
        "",
    ]
