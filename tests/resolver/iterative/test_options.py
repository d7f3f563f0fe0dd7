"""Switches of the machine: DNS64, rebinding protection, trust anchor signals, forwarding."""

from ipaddress import IPv6Network

import dns.flags
import dns.message
import dns.rrset
import pytest
from msgspec.structs import replace

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import names
from firstbyte.resolver.machine.rebinding import is_private
from firstbyte.resolver.machine.settings import CacheSettings, Hardening, StaleSettings
from firstbyte.resolver.machine.values import Ede, Question, Security

EMBEDDED = [
    ("64:ff9b::/96", "0064ff9b0000000000000000c000025a"),
    ("2001:db8:122:344::/64", "20010db80122034400c000025a000000"),
    ("2001:db8:100::/40", "20010db801c000020 05a000000000000".replace(" ", "")),
    ("2001:db8::/32", "20010db8c000025a0000000000000000"),
]


@pytest.mark.parametrize(("prefix", "expected"), EMBEDDED)
def test_dns64_makes_addresses_as_rfc_6052_places_them(make_network, prefix, expected) -> None:
    network = make_network(dns64_prefix=IPv6Network(prefix))
    response = network.resolve("www.plain.example.", "AAAA")
    assert list(response.answer[0].rdatas) == [bytes.fromhex(expected)]
    assert response.answer[0].rdtype == c.AAAA
    assert response.security is not Security.SECURE
    assert network.resolve("no.plain.example.", "AAAA").rcode == c.NXDOMAIN


@pytest.mark.parametrize(
    ("name", "security"),
    [("www.secure.example.", Security.SECURE), ("www.plain.example.", Security.INSECURE)],
)
def test_dns64_is_as_authentic_as_what_it_is_made_of(make_network, name, security) -> None:
    network = make_network(dns64_prefix=IPv6Network("64:ff9b::/96"))
    response = network.resolve(name, "AAAA")
    assert response.answer
    assert response.security is security


def test_dns64_makes_no_denial_of_addresses_that_do_not_validate(make_network) -> None:
    """RFC 6147, 5.5: both answers are to validate; that one does not is no lack of addresses."""

    def spoil(message, tree, ask):
        if ask.rdtype == c.A and message.answer and ask.server[0] == "192.0.2.3":
            message.answer[0] = dns.rrset.from_text(
                message.answer[0].name, 60, "IN", "A", "192.0.2.1"
            )
        return message

    network = make_network(spoil, dns64_prefix=IPv6Network("64:ff9b::/96"))
    response = network.resolve("www.secure.example.", "AAAA")
    assert (response.rcode, response.answer) == (c.SERVFAIL, [])
    assert response.errors


def test_dns64_reverse_names_lead_to_the_ipv4_ones(make_network) -> None:
    def reverse(message, tree, ask):
        assert ask.name.endswith(names.from_text("in-addr.arpa.")) or len(ask.name) < 14
        if ask.rdtype == c.PTR:
            name = names.to_text(ask.name)
            message = dns.message.make_response(dns.message.make_query(name, "PTR"))
            message.flags |= dns.flags.AA
            message.answer.append(dns.rrset.from_text(name, 60, "IN", "PTR", "host.example."))
        return message

    prefix = IPv6Network("64:ff9b::/96")
    network = make_network(reverse, dns64_prefix=prefix, minimisation="off", priming=False)
    validation = replace(network.settings.validation, enabled=False)
    network = make_network(
        reverse, dns64_prefix=prefix, minimisation="off", priming=False, validation=validation
    )
    nibbles = "0064ff9b000000000000000005060708"
    name = ".".join(reversed(nibbles)) + ".ip6.arpa."
    response = network.resolve(name, "PTR")
    assert response.answer[0].key == names.from_text(name)
    assert list(response.answer[0].rdatas) == [names.from_text("host.example.")]
    assert network.asked[-1][1] == "8.7.6.5.in-addr.arpa."


PRIVATE = ["10.1.2.3", "127.0.0.1", "192.168.0.1", "172.31.255.255", "169.254.1.1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_taken_out(make_network, address) -> None:
    def rebind(message, tree, ask):
        for section in (message.answer,):
            for index, rrset in enumerate(section):
                if rrset.rdtype == c.A and "plain" in str(rrset.name):
                    section[index] = dns.rrset.from_text(rrset.name, 60, "IN", "A", address)
        return message

    harden = Hardening(private_addresses=True)
    response = make_network(rebind, harden=harden).resolve("www.plain.example.")
    assert not response.answer
    assert response.errors[-1].code is Ede.BLOCKED
    own = replace(harden, private_domains=frozenset({names.from_text("plain.example.")}))
    assert make_network(rebind, harden=own).resolve("www.plain.example.").answer
    assert make_network(rebind).resolve("www.plain.example.").answer


def test_private_addresses_do_not_come_out_of_the_cache(make_network) -> None:
    def rebind(message, tree, ask):
        if message.answer and ask.server[0] == "192.0.2.4":
            message.answer[0] = dns.rrset.from_text("www.plain.example.", 60, "IN", "A", "10.0.0.1")
        return message

    stale = CacheSettings(stale=StaleSettings(enabled=True))
    network = make_network(rebind, harden=Hardening(private_addresses=True), cache=stale)
    network.resolve("www.plain.example.")
    question = Question(names.from_text("www.plain.example."), c.A, recursion_desired=False)
    ticket = network.machine.ask(question, network.now())
    assert not dict(network.machine.finished())[ticket].answer
    network.unix_s += 100
    late = network.machine.answerer.recaller.stale(question)
    assert late is not None
    assert not late.answer


HINTS = [
    ("1 . alpn=h2 ipv4hint=192.0.2.9,10.0.0.1", False),
    ("1 . ipv6hint=fd00::1", False),
    ("1 . ipv4hint=192.0.2.9 ipv6hint=2001:db8::1", True),
    ("0 www.example.", True),
]


@pytest.mark.parametrize(("data", "kept"), HINTS)
def test_private_hints_of_services_are_taken_out(make_network, data, kept) -> None:
    def rebind(message, tree, ask):
        if ask.server[0] == "192.0.2.4" and ask.rdtype == c.HTTPS:
            rrset = dns.rrset.from_text("www.plain.example.", 60, "IN", "HTTPS", data)
            message.answer, message.authority = [rrset], []
        return message

    harden = Hardening(private_addresses=True)
    response = make_network(rebind, harden=harden).resolve("www.plain.example.", "HTTPS")
    assert bool(response.answer) is kept


def test_public_addresses_are_not_private() -> None:
    assert not is_private(bytes((192, 0, 2, 1)))
    assert not is_private(bytes.fromhex("20010db8000000000000000000000001"))
    assert is_private(bytes.fromhex("fe800000000000000000000000000001"))


def test_the_trust_anchor_is_signalled(make_network, tree) -> None:
    network = make_network()
    validation = replace(network.settings.validation, send_ta_signal=True)
    network = make_network(validation=validation)
    network.resolve("www.secure.example.")
    network.rest()
    tag = int(tree.anchor().split()[3])
    assert ("192.0.2.1", f"_ta-{tag:04x}.", "NULL") in network.asked


def test_a_forwarder_is_asked_recursively_and_still_checked(make_network, tree) -> None:
    def forwarder(message, tree, ask):
        assert ask.recursive
        query = dns.message.make_query(names.to_text(ask.name), ask.rdtype, want_dnssec=True)
        zones = [z for z in tree.zones.values() if query.question[0].name.is_subdomain(z.name)]
        zone = max(zones, key=lambda z: len(z.name))
        if ask.rdtype == c.DS and zone.name == query.question[0].name and len(zone.name) > 1:
            zone = tree.zones[zone.name.parent().to_text()]
        response = tree.answer(zone, query)
        response.flags &= ~dns.flags.AA
        return response

    network = make_network(forwarder, forward={b"\0": (("192.0.2.1", 53),)})
    response = network.resolve("www.secure.example.")
    assert response.rcode == c.NOERROR, response.errors
    assert response.security is Security.SECURE
    assert {server for server, _, _ in network.asked} == {"192.0.2.1"}
    assert network.resolve("www.plain.example.").security is Security.INSECURE


def test_a_stub_zone_needs_no_root(make_network) -> None:
    stub = {names.from_text("plain.example."): (("192.0.2.4", 53),)}
    network = make_network(stub=stub, hints=(), priming=False)
    validation = replace(network.settings.validation, enabled=False)
    network = make_network(stub=stub, hints=(), priming=False, validation=validation)
    assert network.resolve("www.plain.example.").answer
    assert network.resolve("www.secure.example.").rcode == c.SERVFAIL


def test_full_answers_carry_only_proved_company(make_network) -> None:
    def company(message, tree, ask):
        if ask.server[0] == "192.0.2.3" and message.answer and ask.rdtype == c.A:
            text = dns.rrset.from_text("secure.example.", 60, "IN", "NS", "evil.example.")
            message.authority.append(text)
        return message

    network = make_network(company, full_answers=True)
    response = network.resolve("www.secure.example.")
    assert response.security is Security.SECURE
    assert not response.authority
