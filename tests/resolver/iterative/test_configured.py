"""Zones of the configuration: what is said above them, and what is done when they fail."""

import dns.message
import dns.rcode
import dns.rrset
import pytest

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import names
from firstbyte.resolver.machine.settings import CacheSettings, Hardening, Validation

OWN = "192.0.2.77"
PLAIN = names.from_text("plain.example.")


def with_own_server(message, tree, ask):
    """The configured server gives every name an address; all others are as they are."""
    if ask.server[0] != OWN:
        return message
    name = names.to_text(ask.name)
    made = dns.message.make_response(dns.message.make_query(name, "A"))
    made.flags |= 0x0400
    made.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.99"))
    return made


@pytest.fixture
def own(tree):
    """A server that only the configuration knows."""
    tree.by_address[OWN] = tree.zones["plain.example."]
    yield OWN
    del tree.by_address[OWN]


@pytest.mark.parametrize("kind", ["stub", "forward"])
@pytest.mark.parametrize("aggressive", [False, True])
def test_a_denial_above_a_configured_zone_does_not_reach_it(
    make_network, own, kind, aggressive
) -> None:
    """Neither RFC 8020 nor RFC 8198 speak of names that are asked for elsewhere."""
    zone = names.from_text("corp.inner.secure.example.")
    settings = {
        kind: {zone: ((own, 53),)},
        "cache": CacheSettings(aggressive_nsec=aggressive),
        "harden": Hardening(below_nxdomain=True),
    }
    network = make_network(with_own_server, **settings)
    validation = network.settings.validation
    unsigned = Validation(anchors=validation.anchors, negative_anchors=frozenset({zone}))
    network = make_network(with_own_server, validation=unsigned, **settings)
    assert network.resolve("inner.secure.example.").rcode == c.NXDOMAIN
    response = network.resolve("www.corp.inner.secure.example.")
    assert list(response.answer[0].rdatas) == [bytes([192, 0, 2, 99])]
    assert network.asked[-1][0] == own
    asked = len(network.asked)
    assert network.resolve("www.other.inner.secure.example.").rcode == c.NXDOMAIN
    assert all(server != own for server, *_ in network.asked[asked:])


def failing(message, tree, ask):
    """The configured server knows nothing."""
    if ask.server[0] == OWN:
        message.set_rcode(dns.rcode.SERVFAIL)
        message.answer = []
    return message


@pytest.mark.parametrize("kind", ["stub", "forward"])
@pytest.mark.parametrize("zone", [PLAIN, b"\0"])
def test_the_tree_s_own_servers_help_where_that_is_wanted(make_network, own, kind, zone) -> None:
    servers = {kind: {zone: ((own, 53),)}}
    assert make_network(failing, **servers).resolve("www.plain.example.").rcode == c.SERVFAIL
    network = make_network(failing, **servers, **{f"{kind}_first": True})
    response = network.resolve("www.plain.example.")
    assert list(response.answer[0].rdatas) == [bytes([192, 0, 2, 90])]
    assert own in {server for server, *_ in network.asked}


def test_what_forwarders_say_is_not_asked_for_again(make_network, own) -> None:
    servers = {"forward": {PLAIN: ((own, 53),)}, "forward_first": True}
    network = make_network(with_own_server, **servers)
    assert network.resolve("www.plain.example.").answer[0].rdatas[0] == bytes([192, 0, 2, 99])
    assert "192.0.2.4" not in {server for server, *_ in network.asked}
