"""One question to many servers, and to every authoritative server of its zone."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.errors import UsageError
from firstbyte.journey.resolution import Comparison, Exchange, Seen
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message
from firstbyte.protocols.dns.names import is_under, to_text
from firstbyte.protocols.dns.presentation import data_text, rcode_text, type_text
from firstbyte.resolver.machine.replies import address_text
from firstbyte.resolver.query.asking import addresses_of
from firstbyte.resolver.query.carry import Server
from firstbyte.resolver.query.plain import Question, ask
from firstbyte.resolver.query.reading import message_of, serial_of
from firstbyte.resolver.query.telling import Account, PlainTeller
from firstbyte.resolver.query.wanted import Wanted
from firstbyte.resolver.query.words import port_of, with_server

AT_ONCE = 16
MAX_AUTHORITIES = 32
MAX_ALIASES = 16


class Target(NamedTuple):
    """A server to ask."""

    label: str
    address: Server
    wanted: Wanted
    """How it is asked."""
    authoritative: bool = False


class Job(Struct, frozen=True):
    """What is compared."""

    name: str
    rdtype: int
    servers: Sequence[str]
    """``ADDR[:PORT]``, ``HOST[:PORT]``, or an URL of tls or https."""
    authorities: bool = True
    """Ask the zone's own servers, too."""
    address_map: dict[Server, Server] = {}
    wanted: Wanted = Wanted(timeout_s=3.0, tries=2)


async def compare(job: Job) -> Comparison:
    """Ask all of them at once.

    Raises:
        UsageError: a server cannot be found.
        DecodeError: the name is no domain name.

    """
    targets = [target for text in job.servers for target in await _resolver(text, job)]
    account = Account(job.name, job.rdtype)
    finder = _Finder(job, targets, PlainTeller(account.scope))
    zone = await finder.zone()
    if zone is not None and job.authorities:
        targets = [*targets, *await finder.authorities(zone)]
    gate = asyncio.Semaphore(AT_ONCE)
    seen = await asyncio.gather(
        *(_Look(job, target, zone, account).see(gate) for target in targets)
    )
    account.finish()
    grouped = _grouped(seen)
    return Comparison(
        name=job.name,
        type=type_text(job.rdtype),
        zone=zone,
        seen=grouped,
        journey=account.journey(),
    )


async def _resolver(text: str, job: Job) -> list[Target]:
    wanted = with_server(job.wanted, text)
    if wanted.secured.kind is not None:
        from firstbyte.resolver.query.secure import prepare

        prepare(wanted.secured)
    addresses = await addresses_of(wanted.server or text)
    port = port_of(wanted, None)
    return [Target(text, (address, port), wanted) for address in addresses[:1]]


class _Finder(NamedTuple):
    """Finds the zone and its servers by asking the resolvers."""

    job: Job
    resolvers: Sequence[Target]
    teller: PlainTeller

    async def zone(self) -> str | None:
        """The owner of the SOA that the resolvers show for the name (RFC 2308, 3)."""
        message = await self._ask(self.job.name, dns.SOA)
        if message is None:
            return None
        for record in (*message.answer, *message.authority):
            if record.rdtype == dns.SOA:
                return to_text(record.key)
        return None

    async def authorities(self, zone: str) -> list[Target]:
        """The zone's servers, one for each address."""
        message = await self._ask(zone, dns.NS)
        if message is None:
            return []
        names = [to_text(r.rdata) for r in message.answer if r.rdtype == dns.NS][:MAX_AUTHORITIES]
        found: list[Target] = []
        for name in sorted(names):
            for rdtype in (dns.A, dns.AAAA):
                hosts = await self._ask(name, rdtype)
                for record in hosts.answer if hosts is not None else ():
                    address = address_text(record.rdtype, record.rdata)
                    if address is not None:
                        own = replace(self.job.wanted, recurse=False)
                        found.append(Target(name, (address, 53), own, authoritative=True))
        return found[:MAX_AUTHORITIES]

    async def _ask(self, name: str, rdtype: int) -> Message | None:
        """The first resolver's answer that is of use."""
        for target in self.resolvers:
            server = (_mapped(self.job, target.address),)
            question = Question(name, rdtype, server, (target.address,))
            exchange = await ask(question, target.wanted, self.teller)
            message = message_of(exchange.response)
            if message is not None and message.rcode in (dns.NOERROR, dns.NXDOMAIN):
                return message
        return None


def _mapped(job: Job, server: Server) -> Server:
    return job.address_map.get(server, server)


class _Look(NamedTuple):
    """One server's part of the comparison."""

    job: Job
    target: Target
    zone: str | None
    account: Account

    async def see(self, gate: asyncio.Semaphore) -> Seen:
        """Ask it for the data, and for the zone's serial."""
        target, zone = self.target, self.zone
        async with gate:
            exchange = await self._ask(self.job.name, self.job.rdtype)
            soa = None
            if zone is not None:
                same = self.job.rdtype == dns.SOA and _same_name(zone, self.job.name)
                soa = exchange if same else await self._ask(zone, dns.SOA)
        message = message_of(exchange.response)
        seen = Seen(
            server=target.label,
            address=target.address[0],
            authoritative=target.authoritative,
            failure=exchange.failure,
            rtt_ms=exchange.rtt_ms,
            serial=None if soa is None else serial_of(message_of(soa.response)),
        )
        if message is None:
            return replace(seen, failure=exchange.failure or "the answer is malformed")
        records, ttl_s = _data(message, self.job.rdtype)
        return replace(
            seen,
            rcode=rcode_text(message.rcode),
            records=records,
            ttl_s=ttl_s,
            flags=dns.flag_words(message.flags),
        )

    async def _ask(self, name: str, rdtype: int) -> Exchange:
        target = self.target
        teller = PlainTeller(self.account.scope, self.zone if target.authoritative else None)
        server = (_mapped(self.job, target.address),)
        return await ask(Question(name, rdtype, server, (target.address,)), target.wanted, teller)


def _same_name(one: str, other: str) -> bool:
    return one.lower().rstrip(".") == other.lower().rstrip(".")


def _data(message: Message, rdtype: int) -> tuple[tuple[str, ...], int | None]:
    """The data at the end of the alias chain, and the least TTL on the way."""
    name = (message.qname or b"\0").lower()
    ttls: list[int] = []
    for _ in range(MAX_ALIASES):
        own = [r for r in message.answer if r.key == name and r.rdtype == rdtype]
        if own:
            ttls += [record.ttl_s for record in own]
            texts = sorted(data_text(r.rdclass, r.rdtype, r.rdata) for r in own)
            return tuple(texts), min(ttls)
        aliases = [r for r in message.answer if r.key == name and r.rdtype == dns.CNAME]
        if not aliases:
            break
        ttls.append(aliases[0].ttl_s)
        name = aliases[0].rdata.lower()
    return (), min(ttls, default=_negative_ttl(message))


def _negative_ttl(message: Message) -> int | None:
    for record in message.authority:
        if record.rdtype == dns.SOA and is_under((message.qname or b"\0").lower(), record.key):
            return min(record.ttl_s, int.from_bytes(record.rdata[-4:], "big"))
    return None


def _grouped(seen: Sequence[Seen]) -> tuple[Seen, ...]:
    kinds = [(one.rcode, one.records) for one in seen if one.rcode is not None]
    order = [kind for kind, _ in Counter(kinds).most_common()]
    return tuple(
        one if one.rcode is None else replace(one, group=order.index((one.rcode, one.records)))
        for one in seen
    )


def check(job: Job) -> None:
    """Refuse what cannot be compared.

    Raises:
        UsageError: no server is given.

    """
    if not job.servers:
        raise UsageError("no server to compare", "--servers 192.0.2.1,192.0.2.2")
