"""A private tree of zones, signed, and a network without sockets between it and the machine."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import names, walker, writer
from firstbyte.protocols.dns.message import Edns
from firstbyte.resolver.daemon.anchors import anchors_from
from firstbyte.resolver.machine.machine import Machine
from firstbyte.resolver.machine.settings import Settings, Validation
from firstbyte.resolver.machine.values import Ask, Moment, Question, Response

NOW = 1_700_000_000.0
RTT_S = 0.01
ALGORITHM = dns.dnssec.Algorithm.ECDSAP256SHA256
Mutate = Callable[[dns.message.Message, "Tree", Ask], dns.message.Message | None]

ROOT = """
$TTL 3600
@ SOA ns.root. admin. 1 2 3 4 300
@ NS ns.root.
ns.root. A 192.0.2.1
example. NS ns.example.
ns.example. A 192.0.2.2
"""
EXAMPLE = """
$TTL 3600
@ SOA ns admin 1 2 3 4 300
@ NS ns
ns A 192.0.2.2
secure NS ns.secure
ns.secure A 192.0.2.3
plain NS ns.plain
ns.plain A 192.0.2.4
oddalgo NS ns.plain
oddalgo DS 1 200 2 0000000000000000000000000000000000000000000000000000000000000000
odddigest NS ns.plain
odddigest DS 1 13 99 0000
"""
SECURE = """
$TTL 3600
@ SOA ns admin 1 2 3 4 300
@ NS ns
ns A 192.0.2.3
www A 192.0.2.80
*.wild A 192.0.2.81
alias CNAME www
out CNAME www.plain.example.
loop CNAME loop2
loop2 CNAME loop
d DNAME www
a.b.ent A 192.0.2.82
"""
PLAIN = """
$TTL 3600
@ SOA ns admin 1 2 3 4 300
@ NS ns
ns A 192.0.2.4
www A 192.0.2.90
back CNAME www.secure.example.
"""


@dataclass
class SignedZone:
    """A zone, its key, and how to sign a set of its records again."""

    zone: dns.zone.Zone
    address: str
    key: ec.EllipticCurvePrivateKey | None = None
    dnskey: object = None

    @property
    def name(self) -> dns.name.Name:
        return self.zone.origin

    def resign(self, rrset: dns.rrset.RRset, **changes: object) -> dns.rrset.RRset:
        """A fresh signature over ``rrset``, with times (or the signer) changed."""
        values = {"inception": NOW - 3600, "expiration": NOW + 3600, "signer": self.name} | changes
        rrsig = dns.dnssec.sign(
            rrset,
            self.key,
            values["signer"],
            self.dnskey,
            inception=datetime.fromtimestamp(values["inception"], UTC),
            expiration=datetime.fromtimestamp(values["expiration"], UTC),
        )
        return dns.rrset.from_rdata(rrset.name, rrset.ttl, rrsig)


def make_zone(name: str, text: str, address: str, *, signed: bool) -> SignedZone:
    zone = dns.zone.from_text(text, origin=name, relativize=False)
    made = SignedZone(zone, address)
    if signed:
        made.key = ec.generate_private_key(ec.SECP256R1())
        made.dnskey = dns.dnssec.make_dnskey(made.key.public_key(), ALGORITHM, flags=257)
    return made


def sign(made: SignedZone) -> None:
    start = datetime.fromtimestamp(NOW, UTC)
    dns.dnssec.sign_zone(
        made.zone,
        keys=[(made.key, made.dnskey)],
        inception=start - timedelta(hours=1),
        expiration=start + timedelta(days=7),
    )


class Tree:
    """The zones, by name and by address."""

    def __init__(self) -> None:
        rows = [
            (".", ROOT, "192.0.2.1", True),
            ("example.", EXAMPLE, "192.0.2.2", True),
            ("secure.example.", SECURE, "192.0.2.3", True),
            ("plain.example.", PLAIN, "192.0.2.4", False),
        ]
        made = [
            make_zone(name, text, address, signed=signed) for name, text, address, signed in rows
        ]
        self.zones = {zone.name.to_text(): zone for zone in made}
        self.by_address = {zone.address: zone for zone in made}
        for child, above in (("secure.example.", "example."), ("example.", ".")):
            key = self.zones[child]
            ds = dns.dnssec.make_ds(child, key.dnskey, "SHA256")
            self.zones[above].zone.find_rdataset(child, "DS", create=True).add(ds, 3600)
        for zone in made:
            if zone.key is not None:
                sign(zone)

    def anchor(self) -> str:
        """The root's DS as text."""
        ds = dns.dnssec.make_ds(".", self.zones["."].dnskey, "SHA256")
        return f". IN DS {ds.to_text()}"

    def answer(self, zone: SignedZone, query: dns.message.Message) -> dns.message.Message:
        """What an authoritative server of ``zone`` says."""
        response = dns.message.make_response(query)
        response.use_edns(0, dns.flags.DO, 1232)
        question = query.question[0]
        name, rdtype = question.name, question.rdtype
        self._answer(zone.zone, response, name, rdtype)
        return response

    def _answer(self, zone, response, name, rdtype) -> None:
        cut = self._cut(zone, name, rdtype)
        if cut is not None:
            self._refer(zone, response, cut)
            return
        response.flags |= dns.flags.AA
        if not self._redirect(zone, response, name):
            self._answer_here(zone, response, name, rdtype)

    def _redirect(self, zone, response, name) -> bool:
        for above in self._above(zone, name):
            if above != name and zone.get_rdataset(above, "DNAME"):
                self._add(zone, response.answer, above, "DNAME")
                target = name.relativize(above) + zone.find_rdataset(above, "DNAME")[0].target
                response.answer.append(dns.rrset.from_text(name, 3600, "IN", "CNAME", str(target)))
                return True
        return False

    def _answer_here(self, zone, response, name, rdtype) -> None:
        exists = any(node == name or node.is_subdomain(name) for node in zone.nodes)
        source = name
        if not exists:
            source = self._wildcard(zone, name)
        if source is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
            self._deny(zone, response, name)
            return
        kind = rdtype
        if zone.get_rdataset(source, rdtype) is None and zone.get_rdataset(source, "CNAME"):
            kind = dns.rdatatype.CNAME
        if zone.get_rdataset(source, kind) is None:
            self._soa(zone, response)
            self._covering(zone, response, source)
            return
        self._add(zone, response.answer, source, kind, name)
        if source != name:
            self._covering(zone, response, name)
        if kind == dns.rdatatype.CNAME and rdtype != kind:
            target = zone.find_rdataset(source, kind)[0].target
            if target.is_subdomain(zone.origin) and "loop" not in str(target):
                self._answer(zone, response, target, rdtype)

    @staticmethod
    def _above(zone, name):
        while name.is_subdomain(zone.origin):
            yield name
            if name == zone.origin:
                return
            name = name.parent()

    def _cut(self, zone, name, rdtype):
        found = None
        for above in self._above(zone, name):
            if above == zone.origin or (above == name and rdtype == dns.rdatatype.DS):
                continue
            if zone.get_rdataset(above, "NS"):
                found = above
        return found

    def _refer(self, zone, response, cut) -> None:
        self._add(zone, response.authority, cut, "NS")
        if zone.get_rdataset(cut, "DS"):
            self._add(zone, response.authority, cut, "DS")
        else:
            self._covering(zone, response, cut)
        for rdata in zone.find_rdataset(cut, "NS"):
            glue = zone.get_rdataset(rdata.target, "A")
            if glue:
                response.additional.append(dns.rrset.from_rdata_list(rdata.target, 3600, glue))

    @staticmethod
    def _wildcard(zone, name):
        for above in Tree._above(zone, name.parent()):
            star = dns.name.from_text("*", above)
            if star in zone.nodes:
                return star
            if any(node.is_subdomain(above) for node in zone.nodes):
                return None
        return None

    def _deny(self, zone, response, name) -> None:
        self._soa(zone, response)
        self._covering(zone, response, name)
        above = name.parent()
        while not any(node.is_subdomain(above) for node in zone.nodes):
            above = above.parent()
        self._covering(zone, response, dns.name.from_text("*", above))

    def _soa(self, zone, response) -> None:
        self._add(zone, response.authority, zone.origin, "SOA")

    def _covering(self, zone, response, name) -> None:
        owners = sorted(node for node in zone.nodes if zone.get_rdataset(node, "NSEC"))
        before = [owner for owner in owners if owner <= name]
        if before:
            self._add(zone, response.authority, before[-1], "NSEC")

    @staticmethod
    def _add(zone, section, name, rdtype, shown=None) -> None:
        rdtype = dns.rdatatype.RdataType.make(rdtype)
        rdataset = zone.find_rdataset(name, rdtype)
        sets = [dns.rrset.from_rdata_list(shown or name, rdataset.ttl, rdataset)]
        signatures = zone.get_rdataset(name, "RRSIG", rdtype)
        if signatures:
            sets.append(dns.rrset.from_rdata_list(shown or name, signatures.ttl, signatures))
        section += [item for item in sets if item not in section]


class HashedTree(Tree):
    """The same zones, which deny with NSEC3 records (RFC 5155)."""

    def __init__(self) -> None:
        super().__init__()
        self.links = {made.name: self._chain(made) for made in self.zones.values() if made.key}

    @staticmethod
    def _chain(made: SignedZone) -> dict[str, tuple[dns.rrset.RRset, dns.rrset.RRset]]:
        """The links of a zone by hash, each with its signature."""
        types = {}
        for node in made.zone.nodes:
            nsec = made.zone.get_rdataset(node, "NSEC")
            if nsec is None:
                continue
            types[node] = [word for word in str(nsec[0]).split()[1:] if word != "NSEC"]
            for above in Tree._above(made.zone, node):
                types.setdefault(above, [])
        owners = {dns.dnssec.nsec3_hash(name, b"", 0, 1): words for name, words in types.items()}
        order = sorted(owners)
        chain = {}
        for here, after in zip(order, [*order[1:], order[0]], strict=True):
            text = " ".join(["1 0 0 -", after, *owners[here]])
            owner = dns.name.from_text(here, made.name)
            link = dns.rrset.from_text(owner, 300, "IN", "NSEC3", text)
            chain[here] = (link, made.resign(link))
        return chain

    def _covering(self, zone, response, name) -> None:
        chain = self.links.get(zone.origin)
        if chain is None:
            return
        next_closer = None
        for above in self._above(zone, name):
            hashed = dns.dnssec.nsec3_hash(above, b"", 0, 1)
            if hashed in chain:
                response.authority += chain[hashed]
                break
            next_closer = hashed
        if next_closer is not None:
            before = max((one for one in chain if one < next_closer), default=max(chain))
            response.authority += chain[before]


@dataclass
class Network:
    """Virtual time between a machine and the tree. ``mutate`` breaks answers on their way."""

    tree: Tree
    settings: Settings
    mutate: Mutate | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.machine = Machine(self.settings, lambda _: 0)
        self.clock_s = 0.0
        self.unix_s = NOW
        self._events: list[tuple[float, int, Ask, bytes | None]] = []

    def now(self) -> Moment:
        return Moment(self.clock_s, self.unix_s + self.clock_s)

    def resolve(self, name: str, rdtype: str = "A", *, cd: bool = False) -> Response:
        """The machine's response to a question."""
        number = dns.rdatatype.from_text(rdtype)
        question = Question(names.from_text(name).lower(), number, checking_disabled=cd)
        ticket = self.machine.ask(question, self.now())
        for _ in range(5000):
            for done, response in self.machine.finished():
                if done == ticket:
                    assert not self.machine.broken()
                    return response
            self._turn()
        raise AssertionError("the machine does not end")

    def rest(self) -> None:
        """Let the machine end all that it still does."""
        while self.machine.next_deadline() is not None:
            self._turn()

    def _turn(self) -> None:
        for ask in self.machine.outgoing():
            self._send(ask)
        self.machine.abandoned()
        deadline = self.machine.next_deadline()
        if self._events and (deadline is None or self._events[0][0] <= deadline):
            self.clock_s, _, ask, data = heapq.heappop(self._events)
            self._deliver(ask, data)
        elif deadline is not None:
            self.clock_s = max(self.clock_s, deadline)
            self.machine.timeout(self.now())

    def _deliver(self, ask: Ask, data: bytes | None) -> None:
        if data is None:
            self.machine.fail(ask.number, "unreachable", self.now())
            return
        try:
            message = walker.decode(data)
        except DecodeError:
            self.machine.fail(ask.number, "malformed", self.now())
            return
        self.machine.receive(ask.number, message, self.now())

    def _send(self, ask: Ask) -> None:
        shown = (ask.server[0], names.to_text(ask.name), dns.rdatatype.to_text(ask.rdtype))
        self.asked.append(shown)
        zone = self.tree.by_address.get(ask.server[0])
        at = (self.clock_s + RTT_S, ask.number, ask)
        if zone is None:
            heapq.heappush(self._events, (*at, None))
            return
        wire = writer.query(1, 0, ask.name, ask.rdtype, Edns(dnssec_ok=True))
        response = self.tree.answer(zone, dns.message.from_wire(wire))
        if self.mutate is not None:
            response = self.mutate(response, self.tree, ask)
        if response is not None:
            heapq.heappush(self._events, (*at, response.to_wire(max_size=65535)))


@pytest.fixture(scope="session")
def tree() -> Tree:
    return Tree()


@pytest.fixture
def make_network(tree: Tree) -> Callable[..., Network]:
    return network_maker(tree)


def network_maker(tree: Tree) -> Callable[..., Network]:
    """What makes networks over this tree."""

    def make(mutate: Mutate | None = None, **changes: object) -> Network:
        validation = Validation(anchors=anchors_from([tree.anchor()]))
        values = {
            "hints": ((names.from_text("ns.root."), "192.0.2.1"),),
            "ipv6": False,
            "validation": validation,
            "public_root": False,
        } | changes
        return Network(tree, Settings(**values), mutate)

    return make
