"""What a command asks and hears, told as events: its findings are made of the journey of them."""

from datetime import UTC, datetime
from urllib.parse import quote

from firstbyte.errors import DecodeError
from firstbyte.events import Scope
from firstbyte.events.base import Source
from firstbyte.events.dns import (
    Answer,
    Fallback,
    LookupFinished,
    LookupStarted,
    QueryFailed,
    Question,
    TimedOut,
    Transport,
)
from firstbyte.events.recorder import Recorder
from firstbyte.events.trace import Failed, HopFinished, HopStarted, TraceFinished, TraceStarted
from firstbyte.journey.builder import build_journey
from firstbyte.journey.model import Journey
from firstbyte.net import system
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import ede, walker
from firstbyte.protocols.dns.message import Message
from firstbyte.protocols.dns.names import from_text
from firstbyte.protocols.dns.presentation import type_text
from firstbyte.resolver.iteration_events import kind_of, records, shown

"""IXFR and AXFR, whose messages come without an OPT record from some good servers."""


class Account:
    """The journey of one command while it grows; its subject is a DNS URI (RFC 4501)."""

    def __init__(self, name: str, rdtype: int) -> None:
        clock = system.current()
        self.url = f"dns:{quote(name)}?type={type_text(rdtype)}"
        self._network = clock.network
        self._wall_s = clock.wall_time_s()
        source: Source = "kernel" if clock.network == "kernel" else "simulated"
        self._recorder = Recorder(clock.now_ns, source)
        self.scope: Scope = self._recorder.scope()
        self.scope.emit(TraceStarted(self.url))
        self.scope.emit(HopStarted("QUERY", self.url))
        self.scope.emit(LookupStarted(name, (type_text(rdtype),)))
        self._name = name

    def finish(self, security: str | None = None, failure: Failed | None = None) -> None:
        """The lookup is over: with a verdict where there is one, or in a failure."""
        error = failure.id if failure is not None else None
        self.scope.emit(LookupFinished(self._name, (), error=error, security=security))
        if failure is not None:
            self.scope.emit(failure)

    def journey(self) -> Journey:
        """All that was told."""
        self.scope.emit(HopFinished())
        self.scope.emit(TraceFinished())
        started = datetime.fromtimestamp(self._wall_s, UTC).isoformat(timespec="microseconds")
        return build_journey(
            self._recorder.events,
            url=self.url,
            started_at=started.replace("+00:00", "Z"),
            network=self._network,
        )


class PlainTeller:
    """Tells of questions to servers that were named. ``zone``: they are that zone's own."""

    def __init__(self, scope: Scope, zone: str | None = None) -> None:
        self.scope = scope
        self._zone = None if zone is None else _bare(zone)
        self._sent_ns: dict[int, int] = {}

    def asked(
        self, query: Message, size_bytes: int, server: tuple[str, int], transport: Transport
    ) -> int:
        """A question leaves; its number."""
        number = self.scope.recorder.number("query")
        self._sent_ns[number] = self.scope.now_ns()
        self.scope.emit(
            Question(
                query=number,
                name=shown(query.qname or b"\0"),
                type=type_text(query.qtype),
                server=_place(server),
                transport=transport,
                attempt=1,
                bytes=size_bytes,
                zone=self._zone,
            ),
            direction="sent",
        )
        return number

    def answered(self, number: int, query: Message, data: bytes, server: tuple[str, int]) -> None:
        """Octets came for it."""
        try:
            message = walker.decode(data)
        except DecodeError:
            self.scope.emit(QueryFailed(number, "the answer cannot be read"))
            return
        bare = message.edns is None and not message.flags & dns.TC
        if query.edns is not None and bare and query.qtype not in dns.TRANSFERS:
            rcode = dns.rcode_name(message.rcode)
            text = f"{_place(server)} answered {rcode} without EDNS"
            self.scope.emit(Fallback("no_edns", text))
        said = "; ".join(f"{code} {text}".rstrip() for code, text in ede.errors(message.edns))
        self.scope.emit(
            Answer(
                query=number,
                rcode=dns.rcode_name(message.rcode),
                flags=dns.flag_words(message.flags),
                kind=self._kind(query, message),
                answers=records(message.answer),
                bytes=len(data),
                authorities=records(message.authority),
                additionals=records(message.additional),
                extended_error=said or None,
            ),
            direction="received",
        )

    def _kind(self, query: Message, message: Message) -> str:
        zone = b"\0" if self._zone is None else from_text(self._zone).lower()
        name = (query.qname or b"\0").lower()
        return kind_of(message, zone, name, query.qtype, recursive=self._zone is None)

    def failed(self, number: int, why: str, *, silent: bool) -> None:
        """Nothing came for it."""
        if silent:
            waited_s = (self.scope.now_ns() - self._sent_ns[number]) / 1e9
            self.scope.emit(TimedOut(number, round(waited_s, 3)))
        else:
            self.scope.emit(QueryFailed(number, why))


def _bare(zone: str) -> str:
    return zone if zone == "." else zone.removesuffix(".")


def _place(server: tuple[str, int]) -> str:
    address, port = server
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
