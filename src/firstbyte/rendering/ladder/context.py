"""What one event's words need to know of the others."""

from collections.abc import Iterable

from msgspec import Struct

from firstbyte.events import Event, dns, http, quic, tcp
from firstbyte.journey.model import Journey
from firstbyte.rendering.escape import escape
from firstbyte.rendering.headline import address


class Context(Struct):
    """Questions by number, addresses by connection, and who is a resolver."""

    questions: dict[int, dns.Question]
    addresses: dict[str, tuple[str, int]]
    resolvers: tuple[str, ...]
    servers: tuple[tuple[str, int], ...]
    many_hops: bool
    segments_seen: frozenset[str | None]
    ends_seen: frozenset[tuple[str | None, str | None]]
    handshake_acks: frozenset[int]
    """``id`` of the events that are the third step of a handshake."""
    sent_sizes: dict[tuple[int, str | None], int]
    through_proxy: bool = False
    """Every connection leads to a proxy."""
    won: frozenset[int] = frozenset()
    """The hops in which some attempt connected."""

    def resolver_name(self) -> str:
        """The heading of the resolvers' lifeline."""
        return _name("resolver", self.resolvers)

    def server_name(self) -> str:
        """The heading of the servers' lifeline."""
        role = "proxy" if self.through_proxy else "server"
        return _name(role, tuple(address(*where) for where in self.servers))

    def is_resolver(self, connection: str | None) -> bool:
        """Whether this connection leads to a server that was asked for names."""
        address = self.addresses.get(connection or "")
        return address is not None and any(_same(address, name) for name in self.resolvers)


def context_of(journey: Journey) -> Context:
    """Read the events once."""
    events = journey.events
    questions = {e.what.query: e.what for e in events if isinstance(e.what, dns.Question)}
    addresses = {
        e.connection or "": (e.what.address, e.what.port)
        for e in events
        if isinstance(e.what, (tcp.ConnectStarted, quic.ConnectionStarted))
    }
    resolvers = tuple(dict.fromkeys(question.server for question in questions.values()))
    servers = dict.fromkeys(
        where for where in addresses.values() if not any(_same(where, name) for name in resolvers)
    )
    return Context(
        questions=questions,
        addresses=addresses,
        resolvers=resolvers,
        servers=tuple(servers),
        many_hops=len(journey.hops) > 1,
        segments_seen=frozenset(
            e.connection
            for e in events
            if isinstance(e.what, tcp.Segment) and e.source != "inferred"
        ),
        ends_seen=frozenset(_ends(events)),
        handshake_acks=frozenset(_handshake_acks(events)),
        sent_sizes={
            (e.hop, e.connection): e.what.head_bytes + e.what.body_bytes
            for e in events
            if isinstance(e.what, http.RequestSent)
        },
        through_proxy=bool(journey.hops) and all(hop.proxy for hop in journey.hops),
        won=frozenset(
            e.hop
            for e in events
            if isinstance(e.what, (tcp.Connected, quic.HandshakeCompleted))
            and addresses.get(e.connection or "") in servers
        ),
    )


_PLURALS = {"resolver": "resolvers", "server": "servers", "proxy": "proxies"}


def _name(role: str, addresses: tuple[str, ...]) -> str:
    if len(addresses) > 1:
        return f"{len(addresses)} {_PLURALS[role]}"
    return f"{role} {escape(addresses[0])}" if addresses else role


def _ends(events: Iterable[Event]) -> Iterable[tuple[str | None, str | None]]:
    for event in events:
        if isinstance(event.what, tcp.Segment) and {"FIN", "RST"} & set(event.what.flags.split()):
            yield event.connection, event.direction


def _handshake_acks(events: Iterable[Event]) -> Iterable[int]:
    """Of each connection, the first segment that we sent after its SYN-ACK came."""
    waiting: set[str | None] = set()
    for event in events:
        if not isinstance(event.what, tcp.Segment):
            continue
        if event.direction == "received" and event.what.flags == "SYN ACK":
            waiting.add(event.connection)
        elif event.direction == "sent" and event.connection in waiting:
            waiting.discard(event.connection)
            yield id(event)


def _same(address: tuple[str, int], server: str) -> bool:
    """Whether a question's server ("192.0.2.53:53", "dns.example (192.0.2.53)") is this address."""
    host, port = address
    return server in {host, f"{host}:{port}", f"[{host}]:{port}", f"{host}#{port}"} or (
        f"({host})" in server
    )
