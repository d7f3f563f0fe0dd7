"""What the iterative resolver asks and hears, told as ``dns.*`` events with their zone."""

from collections.abc import Sequence

from firstbyte.events import Scope
from firstbyte.events.dns import Answer, Fallback, QueryFailed, Question, Record, TimedOut
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message
from firstbyte.protocols.dns.message import Record as WireRecord
from firstbyte.protocols.dns.names import to_text
from firstbyte.protocols.dns.presentation import plain_text
from firstbyte.resolver.machine.replies import Kind, read
from firstbyte.resolver.machine.values import Ask, FailureKind

_TOLD = {
    "unreachable": "unreachable",
    "refused": "connection refused",
    "malformed": "the answer cannot be read",
    "closed": "connection closed",
    "case": "the answer changed the question's letters",
}


class Teller:
    """A driver's watcher that emits events through ``scope``."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._open: dict[int, tuple[int, int]] = {}
        self._without_edns: set[str] = set()

    def asked(self, ask: Ask, size_bytes: int) -> None:
        """A question leaves."""
        number = self.scope.recorder.number("query")
        self._open[ask.number] = (number, self.scope.now_ns())
        if ask.tcp and ask.attempt == 1:
            self.scope.emit(Fallback("tcp", f"{_server(ask)} answered truncated"))
        self.scope.emit(
            Question(
                query=number,
                name=shown(ask.name),
                type=dns.type_name(ask.rdtype),
                server=_server(ask),
                transport="tcp" if ask.tcp else "udp",
                attempt=ask.attempt,
                bytes=size_bytes,
                zone=shown(ask.zone),
            ),
            direction="sent",
        )

    def answered(self, ask: Ask, message: Message) -> None:
        """Its answer came."""
        known = self._open.pop(ask.number, None)
        if known is None:
            return
        bare = ask.edns and message.edns is None and not message.flags & dns.TC
        if bare and _server(ask) not in self._without_edns:
            self._without_edns.add(_server(ask))
            rcode = dns.rcode_name(message.rcode)
            self.scope.emit(Fallback("no_edns", f"{_server(ask)} answered {rcode} without EDNS"))
        self.scope.emit(
            Answer(
                query=known[0],
                rcode=dns.rcode_name(message.rcode),
                flags=dns.flag_words(message.flags),
                kind=kind_of(message, ask.zone, ask.name, ask.rdtype, recursive=ask.recursive),
                answers=records(message.answer),
                bytes=message.size_bytes,
                authorities=records(message.authority),
                additionals=records(message.additional),
            ),
            direction="received",
        )

    def failed(self, ask: Ask, kind: FailureKind) -> None:
        """It ended without an answer."""
        known = self._open.pop(ask.number, None)
        if known is None:
            return
        number, sent_ns = known
        if kind == "timeout":
            self.scope.emit(TimedOut(number, (self.scope.now_ns() - sent_ns) / 1e9))
        else:
            self.scope.emit(QueryFailed(number, _TOLD[kind]))


def kind_of(message: Message, zone: bytes, name: bytes, rdtype: int, *, recursive: bool) -> str:
    """What a message from a server of ``zone`` means, in the words of ``dns.answer`` events."""
    if message.rcode == dns.NXDOMAIN:
        return "nxdomain"
    reply = read(message, zone, name, rdtype, recursive=recursive)
    if reply.kind is Kind.ERROR:
        return "error"
    if reply.kind in (Kind.REFERRAL, Kind.LAME):
        return "lame" if reply.kind is Kind.LAME else "referral"
    return "answer" if reply.links else "nodata"


def records(found: Sequence[WireRecord]) -> tuple[Record, ...]:
    """Records as events have them."""
    return tuple(
        Record(
            shown(item.key),
            item.ttl_s,
            dns.type_name(item.rdtype),
            plain_text(item.rdtype, item.rdata),
        )
        for item in found
    )


def shown(name: bytes) -> str:
    """A name as events show it: without the final dot."""
    text = to_text(name)
    return text if text == "." else text.removesuffix(".")


def _server(ask: Ask) -> str:
    address, port = ask.server
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
