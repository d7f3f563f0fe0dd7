"""Whatever somebody on the way does to answers: no lie is called secure, and all questions end."""

import random

import dns.dnssec
import dns.flags
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns.rdata import canonical
from firstbyte.resolver.machine.values import Security
from resolver.iterative.conftest import HashedTree, network_maker

T = dns.rdatatype
S = "secure.example."
QUESTIONS = [
    (f"www.{S}", "A"),
    (f"www.{S}", "AAAA"),
    (f"no.{S}", "A"),
    (f"x.wild.{S}", "A"),
    (f"wild.{S}", "A"),
    (f"alias.{S}", "A"),
    (f"x.d.{S}", "A"),
    (f"ent.{S}", "A"),
    (f"a.b.ent.{S}", "A"),
    (S, "DS"),
    (S, "DNSKEY"),
    ("no.example.", "A"),
    ("plain.example.", "DS"),
    ("www.plain.example.", "A"),
]
MOST_QUESTIONS_ASKED = 128


def sections(message):
    return (message.answer, message.authority, message.additional)


def all_sets(message):
    return [rrset for section in sections(message) for rrset in section]


def edited(rrset, at, make):
    """The set with one of its records made anew, where that can be done at all."""
    rdatas = list(rrset)
    index = at % len(rdatas)
    try:
        rdatas[index] = make(rdatas[index])
    except Exception:
        return rrset
    return dns.rrset.from_rdata_list(rrset.name, rrset.ttl, rdatas)


def flip(rdata, at):
    """The record with one bit of its data turned over."""
    wire = bytearray(rdata.to_wire())
    wire[at % len(wire)] ^= 1 << at % 8
    return dns.rdata.from_wire(rdata.rdclass, rdata.rdtype, bytes(wire), 0, len(wire))


def signature_field(rdata, at):
    zones = ["example.", ".", S, f"www.{S}", "plain.example."]
    changes = [
        {"labels": at % 5},
        {"signer": dns.name.from_text(zones[at % len(zones)])},
        {"expiration": rdata.expiration + (at - 100) * 3600},
        {"original_ttl": at},
        {"key_tag": at},
        {"algorithm": at % 18},
        {"type_covered": T.NSEC if at % 2 else T.A},
    ]
    return rdata.replace(**changes[at % len(changes)])


class Tamperer:
    """Changes some of the messages; remembers sets to put elsewhere. ``pick(n)`` is below n."""

    EDITS = ("drop", "flip", "sign", "move", "rename")
    KINDS = (*EDITS, "replay", "rcode", "empty", "silent", "link", "deny", "strip", "forge")

    def __init__(self, pick) -> None:
        self.pick = pick
        self.seen = []

    def __call__(self, message, tree, ask):
        for _ in range(self.pick(3)):
            if message is None:
                break
            message = self._once(message, tree)
        if message is not None:
            self.seen += all_sets(message)
        return message

    def _once(self, message, tree):
        kind = self.KINDS[self.pick(len(self.KINDS))]
        at = self.pick(200)
        if kind == "silent":
            return None
        if kind == "rcode":
            message.set_rcode([0, 3, 2, 5][at % 4])
        elif kind == "empty":
            sections(message)[at % 3].clear()
        elif kind == "replay" and self.seen:
            sections(message)[at % 2].append(self.seen[at % len(self.seen)])
        elif kind == "link":
            message.authority += self._link(tree, at)
        elif kind == "deny":
            message.set_rcode([0, 3][at % 2])
            message.answer.clear()
            message.authority = [*self._denial(tree, at), *self._link(tree, at)]
        elif kind == "strip":
            for section in sections(message):
                section[:] = [one for one in section if one.rdtype not in (T.RRSIG, T.DS)]
        elif kind == "forge":
            forged = [one for one in message.answer if one.rdtype != T.RRSIG]
            message.answer = [edited(one, at, lambda rdata: flip(rdata, at)) for one in forged]
        else:
            self._edit(message, kind, at)
        return message

    def _edit(self, message, kind, at):
        section = sections(message)[at % 3]
        if not section:
            return
        index = at % len(section)
        rrset = section[index]
        if kind == "drop":
            del section[index]
        elif kind == "move":
            sections(message)[self.pick(3)].append(section.pop(index))
        elif kind == "rename":
            owner = QUESTIONS[at % len(QUESTIONS)][0]
            section[index] = dns.rrset.from_rdata_list(
                dns.name.from_text(owner), rrset.ttl, list(rrset)
            )
        elif kind == "flip":
            section[index] = edited(rrset, at, lambda rdata: flip(rdata, at))
        elif kind == "sign" and rrset.rdtype == T.RRSIG:
            section[index] = edited(rrset, at, lambda rdata: signature_field(rdata, at))

    @staticmethod
    def _denial(tree, at):
        """The true SOA of a zone."""
        zone = tree.zones[["example.", S][at % 2]]
        found = zone.zone.find_rrset(zone.name, "SOA")
        return [found, zone.resign(found)]

    @staticmethod
    def _link(tree, at):
        """Gaps over much of a zone, signed by nobody."""
        zone = ["example.", S][at % 2]
        types = "NS SOA" if at % 3 else "A"
        rows = [(zone, "NSEC", f"{zone} {types}")]
        if isinstance(tree, HashedTree):
            owners = [
                "0" * 32,
                *(dns.dnssec.nsec3_hash(n, b"", 0, 1) for n in (zone, f"www.{zone}")),
            ]
            data = f"1 {at % 5 // 4} 0 - {'v' * 32} {types}"
            rows = [(f"{owner}.{zone}", "NSEC3", data) for owner in owners[: 1 + at % 3]]
        made = []
        for row in rows:
            link = dns.rrset.from_text(row[0], 300, "IN", *row[1:])
            forged = tree.zones[zone].resign(link)[0].replace(signature=bytes(64))
            made += [link, dns.rrset.from_rdata(link.name, 300, forged)]
        return made


def told(response):
    """What a response says, without signatures, TTLs and the case of names."""
    sets = [
        (one.key, one.rdtype, sorted(canonical(one.rdtype, rdata) for rdata in one.rdatas))
        for one in response.answer
    ]
    return response.rcode, sorted(sets)


class World:
    """A tree, and what its zones really say, by question."""

    def __init__(self, tree) -> None:
        self.make_network = network_maker(tree)
        self._truth = {}

    def real(self, question):
        if question not in self._truth:
            response = self.make_network().resolve(*question)
            self._truth[question] = (response.security, *told(response))
        return self._truth[question]


@pytest.fixture(scope="module")
def worlds(tree):
    return {"NSEC": World(tree), "NSEC3": World(HashedTree())}


def test_both_kinds_of_denial_prove_the_same(worlds) -> None:
    for question in QUESTIONS:
        one, two = (worlds[kind].real(question) for kind in ("NSEC", "NSEC3"))
        assert one[:2] == two[:2], question


def check(network, world, question) -> None:
    before = len(network.asked)
    response = network.resolve(*question)
    assert len(network.asked) - before <= MOST_QUESTIONS_ASKED
    if response.rcode == c.SERVFAIL:
        return
    security, rcode, answer = world.real(question)
    if response.security is Security.SECURE:
        assert (rcode, answer) == told(response)
    else:
        assert security is not Security.SECURE, "a signed name was called unsigned"
        assert response.security is Security.INSECURE


@pytest.mark.parametrize("kind", ["NSEC", "NSEC3"])
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**64))
def test_no_lie_is_secure(worlds, kind, seed) -> None:
    """Seeded, as small choices are no simpler here, and would be tried again and again."""
    pick = random.Random(seed).randrange
    tamper, rate = Tamperer(pick), (1, 1, 3, 6)[pick(4)]

    def sometimes(message, tree, ask):
        return message if pick(rate) else tamper(message, tree, ask)

    world = worlds[kind]
    network = world.make_network(sometimes, minimisation=("off", "relaxed")[pick(2)])
    for _ in range(1 + pick(6)):
        check(network, world, QUESTIONS[pick(len(QUESTIONS))])
        network.unix_s += (0, 0, 61, 4000)[pick(4)]
