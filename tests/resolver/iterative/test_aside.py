"""What comes beside an answer: kept as a hint, checked when it is needed, never the last word."""

import dns.flags
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from msgspec.structs import replace

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import names
from firstbyte.resolver.daemon.anchors import anchors_from
from firstbyte.resolver.machine.values import Ede, Security

T = dns.rdatatype
S = "secure.example."


def rrset(owner: str, kind: str, *datas: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(owner, 300, "IN", kind, *datas)


def signed(zone, made: dns.rrset.RRset) -> list[dns.rrset.RRset]:
    return [made, zone.resign(made)]


def asked_for(ask, name: str, kind: str) -> bool:
    return names.to_text(ask.name) == name and ask.rdtype == T.from_text(kind)


def over_the_cut(message, tree, ask):
    """``over.example.`` is an alias for a name in an insecure child; nobody answers for its DS."""
    if asked_for(ask, "plain.example.", "DS"):
        return None
    if asked_for(ask, "over.example.", "A"):
        zone = tree.zones["example."]
        referral = tree.answer(zone, dns.message.make_query("www.plain.example.", "A"))
        message.set_rcode(dns.rcode.NOERROR)
        message.answer = signed(zone, rrset("over.example.", "CNAME", "www.plain.example."))
        message.authority = [one for one in referral.authority if one.rdtype != T.NS]
    return message


def test_a_denial_of_ds_beside_an_alias_is_kept(make_network) -> None:
    network = make_network(over_the_cut, minimisation="off")
    network.resolve("www.plain.example.", cd=True)  # the cut is known, without its proof
    network.machine.finder.cache.clear()
    response = network.resolve("over.example.")
    assert response.rcode == c.NOERROR, response.errors
    assert response.security is Security.INSECURE
    assert [one.rdtype for one in response.answer] == [c.CNAME, c.A]
    assert c.NSEC in [one.rdtype for one in response.authority]


def test_a_hint_that_proves_nothing_does_no_harm(make_network) -> None:
    def unproved(message, tree, ask):
        message = over_the_cut(message, tree, ask)
        if message is not None and asked_for(ask, "over.example.", "A"):
            message.authority = [one for one in message.authority if one.rdtype != T.RRSIG]
        return message

    network = make_network(unproved, minimisation="off")
    network.resolve("www.plain.example.", cd=True)
    network.machine.finder.cache.clear()
    response = network.resolve("over.example.")
    assert response.rcode == c.SERVFAIL
    assert response.security is Security.BOGUS


def test_the_end_of_a_chain_is_asked_for_where_its_denial_is_worth_nothing(make_network) -> None:
    def ends_early(message, tree, ask):
        if asked_for(ask, f"alias.{S}", "A"):
            denial = tree.answer(tree.zones[S], dns.message.make_query(f"www.{S}", "AAAA"))
            message.answer = [one for one in message.answer if str(one.name) == f"alias.{S}"]
            message.authority = denial.authority
        return message

    response = make_network(ends_early).resolve(f"alias.{S}")
    assert response.security is Security.SECURE, response.errors
    assert [one.rdtype for one in response.answer] == [c.CNAME, c.A]


def test_an_alias_that_was_denied_is_no_denial_of_other_types(make_network) -> None:
    response = make_network(minimisation="off").resolve(S, "CNAME")
    assert response.security is Security.SECURE, response.errors
    assert response.rcode == c.NOERROR


def test_one_dname_is_given_once(make_network) -> None:
    def shrinks(message, tree, ask):
        name = dns.name.from_text(names.to_text(ask.name))
        above = dns.name.from_text(f"s.{S}")
        if name.is_subdomain(above) and name != above:
            zone = tree.zones[S]
            target = name.relativize(above) + zone.name
            message.set_rcode(dns.rcode.NOERROR)
            message.answer = signed(zone, rrset(f"s.{S}", "DNAME", S))
            message.answer.append(rrset(name.to_text(), "CNAME", target.to_text()))
            message.authority = []
        return message

    response = make_network(shrinks, minimisation="off").resolve(f"www.s.s.{S}")
    assert response.security is Security.SECURE, response.errors
    kinds = [one.rdtype for one in response.answer]
    assert kinds == [c.DNAME, c.CNAME, c.CNAME, c.A]


def test_known_links_complete_a_denial_of_ds(make_network) -> None:
    network = make_network(minimisation="off")
    network.resolve("www.plain.example.")
    network.resolve("no.example.")
    count = len(network.asked)
    response = network.resolve("plain.example.", "DS")
    assert len(network.asked) == count
    assert response.security is Security.SECURE
    assert c.SOA in [one.rdtype for one in response.authority]


def test_known_links_say_nothing_below_a_negative_anchor(make_network) -> None:
    settings = make_network().settings
    negative = frozenset({names.from_text(f"nob.{S}")})
    validation = replace(settings.validation, negative_anchors=negative)
    network = make_network(validation=validation)
    network.resolve(f"noa.{S}")
    count = len(network.asked)
    assert network.resolve(f"noc.{S}").security is Security.SECURE
    assert len(network.asked) == count
    assert network.resolve(f"nob.{S}").security is Security.INSECURE
    assert len(network.asked) > count


def test_what_befell_other_questions_is_not_told_of_a_broken_link(make_network) -> None:
    def broken(message, tree, ask):
        if ask.rdtype == T.DS and names.to_text(ask.name).startswith("www."):
            return None
        if asked_for(ask, f"www.{S}", "A") and message.answer:
            message.answer[0] = rrset(f"www.{S}", "A", "192.0.2.66")
        return message

    response = make_network(broken, minimisation="off").resolve(f"www.{S}")
    assert [error.code for error in response.errors] == [Ede.BOGUS]


@pytest.mark.parametrize(
    ("digest", "security", "code"),
    [
        ("1 " + "ab" * 32, Security.BOGUS, Ede.DNSKEY_MISSING),
        ("2 abcd", Security.BOGUS, Ede.DNSKEY_MISSING),
        ("1 " + "ab" * 20, Security.INSECURE, Ede.UNSUPPORTED_DNSKEY_ALGORITHM),
        ("99 abcd", Security.INSECURE, Ede.UNSUPPORTED_DNSKEY_ALGORITHM),
    ],
)
def test_an_anchor_that_fits_nothing(make_network, tree, digest, security, code) -> None:
    """Mistyped ones close the door; those that are only not supported leave the zone insecure."""
    tag = tree.anchor().split()[3]
    validation = replace(
        make_network().settings.validation, anchors=anchors_from([f". IN DS {tag} 13 {digest}"])
    )
    response = make_network(validation=validation).resolve(f"www.{S}")
    assert response.security is security
    assert response.errors[0].code is code
