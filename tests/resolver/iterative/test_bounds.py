"""What one question may cost: KeyTrap (CVE-2023-50387), costly hashes (RFC 9276), aliases."""

import random

import dns.dnssec
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import names
from firstbyte.resolver.machine.settings import Limits
from firstbyte.resolver.machine.values import Ede, Security
from firstbyte.resolver.validator import keys, nsec3

T = dns.rdatatype
S = "secure.example."
WWW = f"www.{S}"
CHAIN_STEPS = 10
"""More than the way from the root to the zone needs."""


def twin(key, number: int):
    """Another DNSKEY with the same tag and algorithm: its last word makes up for the others."""
    data = bytearray(random.Random(number).randbytes(62)) + b"\0\0"
    missing = keys.key_tag(key.to_wire()) - keys.key_tag(key.replace(key=bytes(data)).to_wire())
    for carry in (0, 1):
        data[62:] = ((missing - carry) & 0xFFFF).to_bytes(2, "big")
        made = key.replace(key=bytes(data))
        if keys.key_tag(made.to_wire()) == keys.key_tag(key.to_wire()):
            return made
    raise AssertionError("no such key")


@pytest.fixture
def verified(monkeypatch):
    """Counts verifications."""
    calls = []

    def counting(*args):
        calls.append(args)
        return verify(*args)

    verify = keys.verify
    monkeypatch.setattr(keys, "verify", counting)
    return calls


def test_keys_and_signatures_that_collide(make_network, tree, verified) -> None:
    """Each of many signatures could be of each of many keys; few are tried."""
    zone = tree.zones[S]
    twins = [twin(zone.dnskey, number) for number in range(6)]

    def trap(message, tree, ask):
        for section in (message.answer, message.authority):
            for rrset in list(section):
                if rrset.rdtype == T.DNSKEY and str(rrset.name) == S:
                    everything = dns.rrset.from_rdata(S, 300, *twins, zone.dnskey)
                    section[:] = [everything, zone.resign(everything)]
                elif rrset.rdtype == T.RRSIG and rrset.covers == T.A:
                    rdata = rrset[0]
                    bad = [rdata.replace(signature=bytes([n]) * 64) for n in range(1, 60)]
                    section[section.index(rrset)] = dns.rrset.from_rdata(rrset.name, 300, *bad)
        return message

    response = make_network(trap).resolve(WWW)
    assert response.rcode == c.SERVFAIL
    assert response.security is Security.BOGUS
    assert len(verified) <= Limits().failed_signatures + CHAIN_STEPS


def hashed_denial(iterations: int, *, signed_as: int | None = None):
    """That www has no AAAA, by an NSEC3 record with so many iterations."""

    def mutate(message, tree, ask):
        if names.to_text(ask.name) != WWW or ask.rdtype != T.AAAA:
            return message
        owner = dns.dnssec.nsec3_hash(WWW, b"", min(iterations, 200), 1)
        made = [
            dns.rrset.from_text(f"{owner}.{S}", 300, "IN", "NSEC3", f"1 0 {n} - {owner} A RRSIG")
            for n in (iterations, iterations if signed_as is None else signed_as)
        ]
        kept = [one for one in message.authority if T.SOA in (one.rdtype, one.covers)]
        message.authority = [*kept, made[0], tree.zones[S].resign(made[1])]
        return message

    return mutate


@pytest.mark.parametrize(
    ("iterations", "security"),
    [
        (0, Security.SECURE),
        (150, Security.SECURE),
        (151, Security.INSECURE),
        (65535, Security.INSECURE),
    ],
)
def test_costly_hashes_are_not_computed(make_network, iterations, security) -> None:
    before = nsec3.hashed.cache_info().misses
    response = make_network(hashed_denial(iterations), minimisation="off").resolve(WWW, "AAAA")
    assert response.security is security
    assert response.rcode == c.NOERROR
    if security is Security.INSECURE:
        assert response.errors[0].code is Ede.UNSUPPORTED_NSEC3_ITERATIONS
        assert nsec3.hashed.cache_info().misses == before


def test_a_count_of_iterations_that_nobody_signed_makes_nothing_insecure(make_network) -> None:
    """RFC 9276, 3.2: the signature is checked all the same."""
    network = make_network(hashed_denial(500, signed_as=0), minimisation="off")
    assert network.resolve(WWW, "AAAA").security is Security.BOGUS


def test_the_hashes_of_a_long_name_are_bounded(make_network) -> None:
    name = "a." * 100 + S

    def useless(message, tree, ask):
        if ask.name.endswith(names.from_text(f"a.{S}")):
            zone = tree.zones[S]
            message.set_rcode(dns.rcode.NXDOMAIN)
            kept = [one for one in message.authority if T.SOA in (one.rdtype, one.covers)]
            message.authority = kept
            for number in range(12):
                owner = f"{number:032x}"
                text = f"1 0 150 - {number + 1:032x} A"
                made = dns.rrset.from_text(f"{owner}.{S}", 300, "IN", "NSEC3", text)
                message.authority += [made, zone.resign(made)]
        return message

    before = nsec3.hashed.cache_info().misses
    limits = Limits(nsec3_hashes=20)
    response = make_network(useless, minimisation="off", limits=limits).resolve(name)
    assert response.rcode == c.SERVFAIL
    assert nsec3.hashed.cache_info().misses - before <= limits.nsec3_hashes


def test_a_bomb_of_aliases_ends(make_network) -> None:
    def endless(message, tree, ask):
        label = names.to_text(ask.name).partition(".")[0]
        if label.startswith("n") and label[1:].isdigit():
            zone = tree.zones[S]
            target = f"n{int(label[1:]) + 1}.{S}"
            made = dns.rrset.from_text(names.to_text(ask.name), 300, "IN", "CNAME", target)
            message.set_rcode(dns.rcode.NOERROR)
            message.answer, message.authority = [made, zone.resign(made)], []
        return message

    network = make_network(endless, minimisation="off")
    assert network.resolve(f"n1.{S}").rcode == c.SERVFAIL
    assert len(network.asked) <= Limits().aliases + CHAIN_STEPS
