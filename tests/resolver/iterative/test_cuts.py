"""Who serves a zone: what its parent says, what it says itself, and for how long."""

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import names
from firstbyte.protocols.dns.message import RRset
from firstbyte.resolver.machine.delegations import Delegation, Delegations
from firstbyte.resolver.machine.settings import Hardening, Validation
from firstbyte.resolver.machine.values import Security

PLAIN = names.from_text("plain.example.")
PLAIN_IP = "192.0.2.4"


def with_own_set(*hosts: str, ttl_s: int = 3600, address: str = "192.0.2.5"):
    """The zone plain.example. names these as its servers; the first has an address."""

    def mutate(message, tree, ask):
        if ask.server[0] in ("192.0.2.4", "192.0.2.5") and message.flags & dns.flags.AA:
            own = dns.rrset.from_text("plain.example.", ttl_s, "IN", "NS", *hosts)
            message.authority = [own, *(s for s in message.authority if s.rdtype != own.rdtype)]
            message.additional = [dns.rrset.from_text(hosts[0], 60, "IN", "A", address)]
        return message

    return mutate


@pytest.fixture
def second(tree):
    """The zone has another server, which its parent does not name."""
    tree.by_address["192.0.2.5"] = tree.zones["plain.example."]
    yield "192.0.2.5"
    del tree.by_address["192.0.2.5"]


def servers_asked(network, name: str) -> list[str]:
    count = len(network.asked)
    assert network.resolve(name).rcode == c.NXDOMAIN
    return [server for server, shown, _ in network.asked[count:] if shown == name]


def test_the_zone_s_own_servers_replace_the_parent_s(make_network, second) -> None:
    network = make_network(with_own_set("other.plain.example."))
    network.resolve("www.plain.example.")
    assert servers_asked(network, "x.plain.example.") == [second]


def test_the_parent_s_servers_stay_in_reserve(make_network) -> None:
    network = make_network(with_own_set("other.plain.example."))
    network.resolve("www.plain.example.")
    assert servers_asked(network, "x.plain.example.")[-1] == "192.0.2.4"


def test_addresses_outside_the_zone_are_not_taken_from_it(make_network, second) -> None:
    network = make_network(with_own_set("ns.secure.example."))
    network.resolve("www.plain.example.")
    assert second not in servers_asked(network, "x.plain.example.")


@pytest.mark.parametrize(("ttl_s", "lives_s"), [(60, 60), (10_000, 3600)])
def test_the_own_set_lives_no_longer_than_the_parent_s(ttl_s, lives_s) -> None:
    known = Delegations([])
    cut = Delegation(PLAIN, (b"\1a\0",), {}, 3600.0)
    own = dns.rrset.from_text("plain.example.", ttl_s, "IN", "NS", "b.")
    known.adopt(cut, RRset(PLAIN, c.NS, ttl_s, [rdata.to_wire() for rdata in own]), {}, 0.0)
    adopted = known.closest(PLAIN, 0.0)
    assert adopted is not None
    assert adopted.names == (b"\1b\0",)
    assert adopted.expires_s == lives_s


def test_a_cut_lives_no_longer_than_the_one_above(make_network) -> None:
    def short(message, tree, ask):
        for rrset in message.authority:
            if str(rrset.name) == "example." and rrset.rdtype == dns.rdatatype.NS:
                rrset.ttl = 60
        return message

    network = make_network(short, minimisation="off")
    network.resolve("www.plain.example.")
    network.unix_s += 100
    count = len(network.asked)
    network.resolve("x.plain.example.")
    assert network.asked[count][0] == "192.0.2.1"


def test_ds_beside_a_referral_answers_a_question_for_ds(make_network) -> None:
    def refer(message, tree, ask):
        if ask.rdtype == c.DS and names.to_text(ask.name) == "secure.example.":
            servers = dns.rrset.from_text("secure.example.", 60, "IN", "NS", "ns.secure.example.")
            message.authority = [servers, *message.answer]
            message.answer = []
            message.flags &= ~dns.flags.AA
        return message

    response = make_network(refer).resolve("secure.example.", "DS")
    assert response.security is Security.SECURE
    assert [rrset.rdtype for rrset in response.answer] == [c.DS]


@pytest.mark.parametrize(("times", "by_tcp"), [(1, False), (2, True)])
def test_a_bad_cookie_is_no_refusal(make_network, times, by_tcp) -> None:
    asks = []

    def choosy(message, tree, ask):
        if ask.server[0] != "192.0.2.4":
            return message
        asks.append(ask)
        if len(asks) <= times:
            message.set_rcode(dns.rcode.BADCOOKIE)
            message.answer, message.authority = [], []
        return message

    assert make_network(choosy, minimisation="off").resolve("www.plain.example.").answer
    assert asks[times].tcp is by_tcp
    assert len(asks) == times + 1


def test_a_compact_denial_is_known_as_such(make_network, tree) -> None:
    def compact(message, tree, ask):
        if names.to_text(ask.name) != "no.secure.example.":
            return message
        zone = tree.zones["secure.example."]
        message.set_rcode(dns.rcode.NOERROR)
        kept = [s for s in message.authority if str(s.name) == "secure.example."]
        keep = [s for s in kept if "SOA" in dns.rdatatype.to_text(s.rdtype) or s.covers == 6]
        text = r"\000.no.secure.example. RRSIG NSEC TYPE128"
        link = dns.rrset.from_text("no.secure.example.", 300, "IN", "NSEC", text)
        message.authority = [*keep, link, zone.resign(link)]
        return message

    response = make_network(compact).resolve("no.secure.example.")
    assert response.security is Security.SECURE
    assert response.rcode == c.NOERROR
    assert response.compact


def refuse_to_know(message, tree, ask):
    """The servers of plain.example. refer to the root, as if they spoke with authority."""
    if ask.server[0] == "192.0.2.4" and ask.rdtype == c.AAAA:
        message.flags |= dns.flags.AA
        message.answer = []
        message.authority = [dns.rrset.from_text(".", 60, "IN", "NS", "ns.root.")]
    return message


def test_a_referral_upwards_is_lame_whatever_its_flags_say(make_network) -> None:
    network = make_network(refuse_to_know)
    assert network.resolve("www.plain.example.", "AAAA").rcode == c.SERVFAIL
    assert network.resolve("www.plain.example.").answer, "other types may be served"


def test_a_lame_recursive_server_is_asked_again_where_there_is_no_other(make_network) -> None:
    def recursive(message, tree, ask):
        if ask.server[0] == "192.0.2.4":
            message.flags = message.flags & ~dns.flags.AA | dns.flags.RA
            message.authority = []
        return message

    network = make_network(recursive, minimisation="off")
    assert network.resolve("www.plain.example.", "AAAA").rcode == c.SERVFAIL
    assert network.resolve("www.plain.example.").answer


def glue_for_plain_elsewhere(message, tree, ask):
    """The zone example. names a server outside of itself, with its address."""
    for rrset in message.authority:
        if str(rrset.name) == "plain.example." and rrset.rdtype == dns.rdatatype.NS:
            message.authority = [dns.rrset.from_text(rrset.name, 60, "IN", "NS", "ns.other.")]
            message.additional = [dns.rrset.from_text("ns.other.", 60, "IN", "A", "192.0.2.4")]
    return message


@pytest.mark.parametrize(("harden", "rcode"), [(True, c.SERVFAIL), (False, c.NOERROR)])
def test_glue_from_outside_is_taken_where_it_is_wanted(make_network, harden, rcode) -> None:
    network = make_network(glue_for_plain_elsewhere, harden=Hardening(glue=harden))
    assert network.resolve("www.plain.example.").rcode == rcode


def test_the_zone_above_is_asked_for_the_address_that_it_left_out(make_network) -> None:
    def no_glue(message, tree, ask):
        if ask.server[0] == "192.0.2.2":
            message.additional = []
            if names.to_text(ask.name) == "ns.plain.example.":
                message.authority = []
                message.answer = [dns.rrset.from_text("ns.plain.example.", 60, "IN", "A", PLAIN_IP)]
        return message

    network = make_network(no_glue)
    assert network.resolve("www.plain.example.").answer


def test_a_hint_is_also_glue(make_network) -> None:
    def by_the_root_s_server(message, tree, ask):
        for rrset in message.authority:
            if str(rrset.name) == "example." and rrset.rdtype == dns.rdatatype.NS:
                message.authority = [dns.rrset.from_text(rrset.name, 60, "IN", "NS", "help.else.")]
                message.additional = []
        return message

    hints = (
        (names.from_text("ns.root."), "192.0.2.1"),
        (names.from_text("help.else."), "192.0.2.2"),
    )
    network = make_network(by_the_root_s_server, hints=hints, priming=False)
    assert network.resolve("www.plain.example.").answer


def test_the_configuration_may_name_servers_on_this_host(make_network, tree) -> None:
    tree.by_address["127.0.0.9"] = tree.zones["."]
    try:
        hints = ((names.from_text("ns.root."), "127.0.0.9"),)
        assert make_network(hints=hints, priming=False).resolve("www.plain.example.").answer
    finally:
        del tree.by_address["127.0.0.9"]


def test_a_server_that_fails_on_mixed_case_gets_plain_case_at_last(make_network) -> None:
    asks = []

    def plain_only(message, tree, ask):
        if ask.server[0] == "192.0.2.4":
            asks.append(ask.mix_case)
            if ask.mix_case:
                message.set_rcode(dns.rcode.SERVFAIL)
                message.answer, message.authority = [], []
        return message

    assert make_network(plain_only, minimisation="off").resolve("www.plain.example.").answer
    assert asks == [True, False]


def test_an_unsigned_end_of_a_chain_in_a_signed_zone_is_asked_for_itself(make_network) -> None:
    def strip(message, tree, ask):
        if names.to_text(ask.name) == "alias.secure.example." and ask.rdtype == c.A:
            message.answer = [s for s in message.answer if str(s.name).startswith("alias")]
            forged = dns.rrset.from_text("www.secure.example.", 60, "IN", "A", "192.0.2.66")
            message.answer.append(forged)
        return message

    network = make_network(strip)
    response = network.resolve("alias.secure.example.")
    assert response.security is Security.SECURE
    assert ("192.0.2.3", "www.secure.example.", "DS") not in network.asked


def test_a_forwarder_that_refers_does_not_resolve(make_network, tree) -> None:
    def refer(message, tree, ask):
        message.flags = dns.flags.QR | dns.flags.RA
        message.answer = []
        message.authority = [dns.rrset.from_text("example.", 60, "IN", "NS", "ns.example.")]
        return message

    forward = {names.from_text("."): (("192.0.2.1", 53),)}
    network = make_network(refer, forward=forward, validation=Validation(enabled=False))
    for _ in range(2):
        count = len(network.asked)
        assert network.resolve("www.plain.example.").rcode == c.SERVFAIL
        assert len(network.asked) > count, "it is not lame for long: it may be mended"
        network.unix_s += 400


def test_yxdomain_is_for_dnames_alone(make_network) -> None:
    def odd(message, tree, ask):
        if ask.server[0] == "192.0.2.4":
            message.set_rcode(dns.rcode.YXDOMAIN)
        return message

    assert make_network(odd).resolve("www.plain.example.").rcode == c.SERVFAIL


def test_a_server_is_asked_over_ipv6_where_ipv4_gives_nothing(make_network, tree) -> None:
    """Glue has one family; the other is looked up before the zone is given up."""
    six = "2001:db8::4"
    tree.by_address[six] = tree.zones["plain.example."]

    def broken(message, tree, ask):
        if ask.server[0] == PLAIN_IP and ask.name == names.from_text("www.plain.example."):
            message.set_rcode(dns.rcode.REFUSED)
            message.answer = []
        if ask.rdtype == c.AAAA and ask.name == names.from_text("ns.plain.example."):
            found = dns.rrset.from_text("ns.plain.example.", 60, "IN", "AAAA", six)
            message.answer, message.authority = [found], []
        return message

    network = make_network(broken, ipv6=True)
    try:
        assert network.resolve("www.plain.example.").answer
        assert six in {server for server, *_ in network.asked}
        assert not make_network(broken).resolve("www.plain.example.").answer
    finally:
        del tree.by_address[six]
