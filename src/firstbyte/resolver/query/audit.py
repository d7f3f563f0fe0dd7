"""Asks every server of a zone in every way that it must understand: what findings are made of."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from firstbyte.events import Scope
from firstbyte.events.dns import Fallback
from firstbyte.journey.resolution import Exchange, Inspected
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message
from firstbyte.protocols.dns.names import label_count, to_text
from firstbyte.resolver.driver import Driver
from firstbyte.resolver.machine import values
from firstbyte.resolver.machine.replies import address_text
from firstbyte.resolver.query.carry import Server
from firstbyte.resolver.query.plain import Question, ask
from firstbyte.resolver.query.reading import message_of, serial_of
from firstbyte.resolver.query.telling import PlainTeller
from firstbyte.resolver.query.wanted import Wanted

AT_ONCE = 8
MAX_SERVERS = 26
DNS_PORT = 53


@dataclass(slots=True)
class Seen:
    """What a walk told of the zones' servers: names by zone, from above and from the zone."""

    delegated: dict[bytes, set[bytes]] = field(default_factory=dict)
    own: dict[bytes, set[bytes]] = field(default_factory=dict)
    glue: dict[bytes, set[str]] = field(default_factory=dict)

    def take(self, message: Message, zone: bytes) -> None:
        """Learn from a message of a server of ``zone``."""
        for record in (*message.answer, *message.authority):
            if record.rdtype == dns.NS:
                above = record.key != zone
                known = (self.delegated if above else self.own).setdefault(record.key, set())
                known.add(record.rdata.lower())
        for record in message.additional:
            address = address_text(record.rdtype, record.rdata)
            if address is not None:
                self.glue.setdefault(record.key, set()).add(address)


@dataclass(frozen=True, slots=True)
class Audit:
    """An audit of ``zone``; the questions are told to ``scope``."""

    zone: bytes
    question: tuple[str, int]
    """What is asked of every server, beside the zone's own records."""
    seen: Seen
    driver: Driver
    scope: Scope
    wanted: Wanted

    async def run(self) -> tuple[Inspected, ...]:
        """Inspect all servers that parent or zone name, by name and address."""
        gate = asyncio.Semaphore(AT_ONCE)
        delegated = self.seen.delegated.get(self.zone, set())
        first = await self._inspect(delegated, gate)
        more = self.seen.own.get(self.zone, set()) - delegated
        found = [*first, *await self._inspect(more, gate)]
        own = {to_text(name) for name in self.seen.own.get(self.zone, ())}
        return tuple(replace(one, own=one.server in own if own else None) for one in found)

    async def _inspect(self, names: set[bytes], gate: asyncio.Semaphore) -> list[Inspected]:
        places = [(name, at) for name in sorted(names) for at in await self._addresses(name)]
        jobs = [self._one(name, address, gate) for name, address in places[:MAX_SERVERS]]
        return list(await asyncio.gather(*jobs))

    async def _addresses(self, name: bytes) -> list[str]:
        """Glue, and what the DNS says."""
        found = set(self.seen.glue.get(name, ()))
        for rdtype in (dns.A, dns.AAAA):
            response = await self.driver.resolve(values.Question(name, rdtype, True))
            for rrset in response.answer:
                texts = (address_text(rrset.rdtype, rdata) for rdata in rrset.rdatas)
                found |= {text for text in texts if text is not None}
        return sorted(found)

    async def _one(self, name: bytes, address: str, gate: asyncio.Semaphore) -> Inspected:
        inspected = Inspected(
            server=to_text(name),
            address=address,
            delegated=name in self.seen.delegated.get(self.zone, set()),
        )
        server = self._reach((address, DNS_PORT))
        if server is None:
            return replace(inspected, failure="not in the address map")
        async with gate:
            return await self._ways(inspected, server)

    def _reach(self, server: Server) -> Server | None:
        """Where the server's questions go; null: it cannot be reached (``--map``)."""
        table = self.driver.own.address_map
        return table.get(server) if table else server

    async def _ways(self, inspected: Inspected, server: Server) -> Inspected:
        address = inspected.address
        soa = await self._ask(server, address, dns.SOA)
        message = message_of(soa.response)
        if message is None or message.edns is None:
            inspected = await self._without_edns(inspected, server, soa)
        else:
            inspected = replace(inspected, edns=True)
        if inspected.edns is None:
            return replace(inspected, failure=soa.failure)
        tcp = await self._ask(server, address, dns.SOA, tcp=True)
        inspected = replace(
            inspected,
            rtt_ms=soa.rtt_ms,
            authoritative=message is not None and bool(message.flags & dns.AA),
            serial=serial_of(message or message_of(tcp.response)),
            tcp=tcp.response is not None,
        )
        own = message_of((await self._ask(server, address, dns.NS)).response)
        if own is not None:
            self.seen.take(own, self.zone)
        await self._ask(server, address, self.question[1], name=self.question[0])
        open_ = tcp.response is not None and await self._axfr(server, address)
        return replace(inspected, transfer=open_)

    async def _without_edns(
        self, inspected: Inspected, server: Server, first: Exchange
    ) -> Inspected:
        """Learn whether it answers when there is no OPT record."""
        if first.response is not None:
            return replace(inspected, edns=False)
        plain = replace(self.wanted, edns=None, dnssec=False)
        again = await self._ask(server, inspected.address, dns.SOA, wanted=plain)
        if again.response is None:
            return inspected
        text = f"{inspected.address}:{DNS_PORT} answered without EDNS, and not with it"
        self.scope.emit(Fallback("no_edns", text))
        return replace(inspected, edns=False)

    async def _axfr(self, server: Server, address: str) -> bool:
        exchange = await self._ask(server, address, dns.AXFR, tcp=True)
        message = message_of(exchange.response)
        return message is not None and message.rcode == dns.NOERROR and bool(message.answer)

    async def _ask(
        self,
        server: Server,
        address: str,
        rdtype: int,
        *,
        name: str | None = None,
        tcp: bool = False,
        wanted: Wanted | None = None,
    ) -> Exchange:
        question = Question(
            name or to_text(self.zone), rdtype, (server,), ((address, DNS_PORT),), first_only=True
        )
        teller = PlainTeller(self.scope, to_text(self.zone))
        return await ask(question, replace(wanted or self.wanted, tcp=tcp), teller)


def deepest(zones: Sequence[bytes]) -> bytes:
    """The zone farthest from the root."""
    return max(zones, key=label_count, default=b"\0")
