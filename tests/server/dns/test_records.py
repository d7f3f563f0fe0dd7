"""Records made of values are the ones that dnspython reads in a zone file."""

import pytest

from firstbyte.protocols.dns.message import group
from firstbyte.protocols.dns.names import from_text
from firstbyte.server.dns import records
from firstbyte.server.dns.zone import make_zone
from firstbyte.server.dns.zonefile import parse_zone

SOA = "example. 300 IN SOA ns.example. hostmaster.ns.example. 1 3600 600 86400 300"
START = records.authority("example.", "ns.example.", (3600, 600, 86400, 300), 300)


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (records.address("a.example.", "192.0.2.1", 60), "a.example. 60 IN A 192.0.2.1"),
        (records.address("A.example.", "2001:db8::1", 60), "A.example. 60 IN AAAA 2001:db8::1"),
        (records.name_server("b.example.", "ns.b.example.", 7), "b.example. 7 IN NS ns.b.example."),
        (records.pointer("1.example.", "a.example.", 300), "1.example. 300 IN PTR a.example."),
        (records.https("a.example.", ["h3", "h2"], 300), "a.example. 300 IN HTTPS 1 . alpn=h3,h2"),
    ],
    ids=["A", "AAAA", "NS", "PTR", "HTTPS"],
)
def test_the_octets_are_those_of_the_zone_file(made, line):
    read = parse_zone(f"{SOA}\n{line}\n", "example.", "test")
    zone = make_zone(from_text("example."), group([START, made]))
    assert {name: contents(node) for name, node in zone.nodes.items()} == {
        name: contents(node) for name, node in read.nodes.items()
    }
    assert zone.cuts == read.cuts


def contents(node):
    return {rdtype: (rrset.ttl_s, rrset.rdatas) for rdtype, rrset in node.items()}
