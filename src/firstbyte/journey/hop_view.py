"""Sorting the events of a trace into hops, and finding the connection that carried each.

A hop may open many connections: attempts of the address race, HTTP/3 beside TCP, the resolver's
own. Its *winner* is the one that carried the request or, when none was sent, the one that came
furthest.
"""

from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct

from firstbyte.events import Event, dns, http, quic, tcp, tls, trace
from firstbyte.journey.attempts import Tried, tried
from firstbyte.journey.select import Seen, at_us, each, first, last

_STREAM_TRANSPORTS = {"tcp", "dot", "doh"}
# What a connection may have got to, furthest first.
_MILESTONES = (
    http.RequestStarted,
    http.ProxyConnect,
    tls.HandshakeFinished,
    tls.HandshakeStarted,
    tcp.Connected,
    quic.HandshakeCompleted,
    tcp.ConnectStarted,
    quic.ConnectionStarted,
)
_OPENED = tcp.Connected | quic.HandshakeCompleted


class HopView(Struct, frozen=True, eq=False, dict=True):
    """The events of one hop, in order of time, and those of its winning connection.

    ``carrier`` holds the winner's events of *all* hops: a reused connection was opened earlier.
    ``race`` holds the hop's events without the resolver's own connections.
    """

    index: int
    started: Seen[trace.HopStarted] | None
    events: tuple[Event, ...]
    race: tuple[Event, ...]
    winner: str | None
    carrier: tuple[Event, ...]
    start_us: int
    end_us: int

    @cached_property
    def attempts(self) -> tuple[Tried, ...]:
        """The race's attempts, by start."""
        return tried(self.race)

    @cached_property
    def failed(self) -> Seen[trace.Failed] | None:
        """Why the hop failed, if it did."""
        return last(self.events, trace.Failed)

    @cached_property
    def finished(self) -> bool:
        """A whole response was read; a question to the DNS alone needs none."""
        if first(self.exchange, http.ResponseFinished) is not None:
            return True
        asked = self.started is not None and self.started.what.url.startswith("dns:")
        return asked and last(self.events, trace.HopFinished) is not None

    @cached_property
    def reused(self) -> bool:
        """The hop went over a connection that was already open.

        A hop may begin on a kept connection that proves dead, and go on over a new one.
        """
        begun = self.started is not None and self.started.what.reused
        return begun and not any(isinstance(e.what, _OPENED) for e in self._winners_own)

    @cached_property
    def proxy(self) -> str | None:
        """The proxy that the hop goes through, without its credentials."""
        tunnel = first((*self.carrier, *self.events), http.ProxyConnect)
        if tunnel is not None:
            return tunnel.what.proxy
        chosen = [s for s in each(self.events, trace.Decision) if s.what.subject == "proxy"]
        return chosen[-1].what.chose if chosen else None

    @cached_property
    def forwarded(self) -> bool:
        """The proxy was given the request itself (RFC 9112, 3.2.2), not asked for a tunnel."""
        return self.proxy is not None and first(self.carrier, http.ProxyConnect) is None

    @cached_property
    def _winners_own(self) -> tuple[Event, ...]:
        return tuple(event for event in self.events if event.connection == self.winner)

    @cached_property
    def request(self) -> Seen[http.RequestStarted] | None:
        """The request that counts: the last one, should one have been repeated."""
        return last(self.events, http.RequestStarted)

    @cached_property
    def exchange(self) -> tuple[Event, ...]:
        """The events from that request on; empty when there was none."""
        request = self.request
        if request is None:
            return ()
        return self.events[self.events.index(request.event) :]


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events by time; those of one instant by cause, and then as they were recorded."""
    return tuple(sorted(events, key=lambda event: (event.at_ns, _rank(event))))


def _rank(event: Event) -> int:
    """Where an event stands among those of its instant, which virtual time has many of.

    A segment comes in, the stack acknowledges it, the program acts on it, its segments go out.
    """
    if not isinstance(event.what, tcp.Segment) or event.source == "inferred":
        return 2
    if event.direction == "received":
        return 0
    return 1 if event.what.flags == "ACK" and not event.what.length else 3


def split_hops(events: tuple[Event, ...]) -> tuple[HopView, ...]:
    """One view for each hop of a trace; ``events`` are in order of time."""
    numbers = sorted({event.hop for event in events if event.layer != "trace"} | _begun(events))
    resolvers = resolver_connections(events)
    return tuple(_view(events, number, resolvers) for number in numbers)


def _begun(events: tuple[Event, ...]) -> set[int]:
    kinds = (trace.HopStarted, trace.Failed)
    return {event.hop for event in events if isinstance(event.what, kinds)}


def _view(events: tuple[Event, ...], number: int, resolvers: set[str]) -> HopView:
    own = tuple(event for event in events if event.hop == number)
    race = tuple(event for event in own if event.connection not in resolvers)
    winner = winning_connection(race)
    started = first(own, trace.HopStarted)
    start_us = started.at_us if started else at_us(own[0])
    return HopView(
        index=number,
        started=started,
        events=own,
        race=race,
        winner=winner,
        carrier=tuple(e for e in events if winner is not None and e.connection == winner),
        start_us=start_us,
        end_us=max(start_us, _end_us(own)),
    )


def _end_us(own: tuple[Event, ...]) -> int:
    for kind in (http.ResponseFinished, trace.Failed, trace.HopFinished):
        found = last(own, kind)
        if found is not None:
            return found.at_us
    return at_us(own[-1])


def winning_connection(race: tuple[Event, ...]) -> str | None:
    """The connection that carried the request, or that came furthest; null without any."""
    given_up = {
        event.connection
        for event in race
        if isinstance(event.what, tcp.ConnectCancelled | quic.ConnectionCancelled)
    }
    kept = tuple(event for event in race if event.connection not in given_up)
    return _furthest(kept) or _furthest(race)


def _furthest(race: tuple[Event, ...]) -> str | None:
    for kind in _MILESTONES:
        reached = [seen.event.connection for seen in each(race, kind)]
        named = [name for name in reached if name is not None]
        if named:
            return named[-1]
    return None


def resolver_connections(events: tuple[Event, ...]) -> set[str]:
    """Connections to DNS servers (TCP, DoT, DoH): they are no part of the address race.

    They carried a question, or lead to a server that was asked, or were begun before the lookup
    gave their address and carried nothing (a resolver's connection that failed).
    """
    exchanged = {event.connection for event in events if event.layer in {"http", "tls"}}
    known_from = _addresses_known_from(events)
    lookups = {seen.event.hop: seen.at_us for seen in reversed(each(events, dns.LookupStarted))}
    found = {e.connection for e in events if e.layer == "dns" and e.connection is not None}
    servers = {
        seen.what.server
        for seen in each(events, dns.Question)
        if seen.what.transport in _STREAM_TRANSPORTS
    }
    for seen in each(events, tcp.ConnectStarted):
        name, address, port = seen.event.connection, seen.what.address, seen.what.port
        if name is None:
            continue
        too_early = seen.at_us < known_from.get((seen.event.hop, _bare(address)), seen.at_us + 1)
        looking_up = seen.event.hop in lookups and seen.at_us >= lookups[seen.event.hop]
        of_server = servers & {f"{address}:{port}", f"[{address}]:{port}"}
        if of_server or (looking_up and too_early and name not in exchanged):
            found.add(name)
    return found


def _addresses_known_from(events: tuple[Event, ...]) -> dict[tuple[int, str], int]:
    """When each hop learnt an address: (hop, address) to microseconds."""
    known: dict[tuple[int, str], int] = {}
    for event in events:
        match event.what:
            case dns.Answer(answers=records):
                addresses = [word for record in records for word in _addresses_in(record)]
            case dns.HostsHit(addresses=found) | dns.LookupFinished(addresses=found):
                addresses = list(found)
            case _:
                continue
        for address in addresses:
            known.setdefault((event.hop, _bare(address)), at_us(event))
    return known


def _addresses_in(record: dns.Record) -> list[str]:
    """The addresses of a record: its own, or the hints of an HTTPS record (RFC 9460, 7.3)."""
    if record.type in {"A", "AAAA"}:
        return [record.data]
    hints = [word for word in record.data.split() if word.startswith(("ipv4hint", "ipv6hint"))]
    return [a for hint in hints for a in hint.partition("=")[2].strip('"').split(",")]


def _bare(address: str) -> str:
    return address.partition("%")[0].lower()
