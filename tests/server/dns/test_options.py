"""EDNS options and class CHAOS: cookies, client subnets, keep-alive, the server's name."""

from ipaddress import ip_network

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from firstbyte.protocols.dns import cookies
from firstbyte.server.dns.answers import Client, Manners, answer
from firstbyte.server.dns.zone_set import ZoneSet
from firstbyte.server.dns.zonefile import parse_zone
from testbed.name_server import NOW_S, parent_zone

SECRET = bytes.fromhex("e5e973e5a6b2a43f48e7dc849e37bfcf")
CLIENT = bytes.fromhex("2464c4abcf10c957")
HOME = "$TTL 60\n@ SOA ns admin 1 2 3 4 60\n@ NS ns\nns A 192.0.2.53\nwww A {}\n"


def asked(
    options=(), *, zones=None, manners=None, transport="udp", address="198.51.100.100", **more
):
    name, rdtype = more.get("name", "www.example.org"), more.get("rdtype", "A")
    query = dns.message.make_query(name, rdtype, more.get("rdclass", "IN"), use_edns=0)
    query.use_edns(0, options=list(options))
    manners = manners or Manners(cookie_secret=SECRET, nsid=b"lab-1")
    zones = zones or ZoneSet([parent_zone()])
    return dns.message.from_wire(
        answer(query.to_wire(), Client(address, transport), zones, NOW_S, manners)
    )


def option(message, code):
    return next((one.to_wire() for one in message.options if one.otype == code), None)


def test_the_vectors_of_siphash_and_of_rfc_9018():
    assert cookies.siphash24(bytes(range(16)), bytes(range(15))) == 0xA129CA6149BE45E5
    made = cookies.make(CLIENT, "198.51.100.100", 1559731985, SECRET)
    assert made.hex() == "2464c4abcf10c957010000005cf79f111f8130c3eee29480"
    other = bytes.fromhex("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5")
    assert cookies.is_valid(other, "203.0.113.203", 0x5CF78F71, SECRET)  # its reserved octets count
    sixth = cookies.make(
        bytes.fromhex("22681ab97d52c298"),
        "2001:db8:220:1:59de:d0f4:8769:82b8",
        1559741961,
        bytes.fromhex("445536bcd2513298075a5d379663c962"),
    )
    assert sixth.hex() == "22681ab97d52c298010000005cf7c609a6bb79d16625507a"


@pytest.mark.parametrize(("age_s", "kept"), [(0, True), (1799, True), (1801, False), (-299, True)])
def test_a_cookie_is_kept_while_it_is_young(age_s, kept):
    old = cookies.make(CLIENT, "192.0.2.1", NOW_S - age_s, SECRET)
    assert (cookies.answer(old, "192.0.2.1", NOW_S, SECRET) == old) is kept


@pytest.mark.parametrize("age_s", [3601, -301])
def test_a_cookie_out_of_its_time_or_place_is_not_valid(age_s):
    old = cookies.make(CLIENT, "192.0.2.1", NOW_S - age_s, SECRET)
    assert not cookies.is_valid(old, "192.0.2.1", NOW_S, SECRET)
    fresh = cookies.make(CLIENT, "192.0.2.1", NOW_S, SECRET)
    assert cookies.is_valid(fresh, "192.0.2.1", NOW_S, SECRET)
    assert not cookies.is_valid(fresh, "192.0.2.2", NOW_S, SECRET)


def test_a_client_with_a_cookie_gets_the_servers():
    made = option(asked([dns.edns.CookieOption(CLIENT, b"")]), 10)
    assert cookies.is_valid(made, "198.51.100.100", NOW_S, SECRET)
    assert option(asked(), 10) is None


def test_a_cookie_of_a_wrong_length_is_formerr():
    message = asked([dns.edns.GenericOption(10, b"1234567")])
    assert message.rcode() == dns.rcode.FORMERR


def test_an_idle_time_is_told_over_tcp_alone():
    wanted = dns.edns.GenericOption(11, b"")
    assert option(asked([wanted], transport="tcp"), 11) == (300).to_bytes(2, "big")
    assert option(asked([wanted]), 11) is None


def views():
    zones = [
        parse_zone(HOME.format(f"192.0.2.{number}"), "example.org.", "t") for number in range(3)
    ]
    inside, deep = ip_network("10.0.0.0/8"), ip_network("10.7.0.0/16")
    return ZoneSet(zones[:1], [(inside, zones[1:2]), (deep, zones[2:])])


@pytest.mark.parametrize(
    ("subnet", "address", "scope"),
    [
        ("192.0.2.0/24", "192.0.2.0", 16),
        ("10.1.2.0/24", "192.0.2.1", 16),
        ("10.7.2.0/24", "192.0.2.2", 16),
        ("0.0.0.0/0", "192.0.2.0", 0),
        ("2001:db8::/56", "192.0.2.0", 0),
    ],
)
def test_views_go_by_the_clients_subnet_if_asked_to(subnet, address, scope):
    network = ip_network(subnet)
    told = dns.edns.ECSOption(str(network.network_address), network.prefixlen)
    manners = Manners(client_subnet=True)
    message = asked([told], zones=views(), manners=manners)
    assert message.answer[0][0].address == address
    assert [one.scopelen for one in message.options] == [scope]
    plain = asked([told], zones=views(), manners=Manners())
    assert plain.answer[0][0].address == "192.0.2.0"
    assert not plain.options


@pytest.mark.parametrize(
    "data", ["00", "000118000a", "00030800", "00012018", "000118080a0000", "0001070a"]
)
def test_a_broken_subnet_is_formerr(data):
    told = dns.edns.GenericOption(8, bytes.fromhex(data))
    message = asked([told], manners=Manners(client_subnet=True))
    assert message.rcode() == dns.rcode.FORMERR


@pytest.mark.parametrize(
    ("name", "text"),
    [("version.bind", "firstbyte"), ("id.server", "lab-1"), ("hostname.bind", "lab-1")],
)
def test_the_server_names_itself_in_class_chaos(name, text):
    message = asked(name=name, rdtype="TXT", rdclass="CH")
    assert message.answer[0].rdclass == 3
    assert message.answer[0][0].strings == (text.encode(),)
    assert message.flags & dns.flags.AA


def test_nothing_else_is_in_class_chaos():
    assert asked(name="www.example.org", rdclass="CH").rcode() == dns.rcode.REFUSED
    nameless = asked(name="id.server", rdtype="TXT", rdclass="CH", manners=Manners())
    assert nameless.rcode() == dns.rcode.REFUSED
    assert not asked(name="version.bind", rdtype="A", rdclass="CH").answer
