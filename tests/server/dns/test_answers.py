"""What a good authoritative server says, case by case (RFC 1034, 4.3.2; 2308; 4592; 6672; 8482)."""

from ipaddress import ip_network

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.server.dns.answers import Client, Manners, answer
from firstbyte.server.dns.zone_set import ZoneSet
from firstbyte.server.dns.zonefile import parse_zone
from testbed.name_server import ask, child_zone, parent_zone

AA = dns.flags.AA
TC = dns.flags.TC


def types(section):
    return [dns.rdatatype.to_text(rrset.rdtype) for rrset in section]


CASES = [
    # name, type, rcode, aa, answer, authority, additional
    ("www.example.org", "A", "NOERROR", True, ["A"], [], []),
    ("WWW.eXample.org", "AAAA", "NOERROR", True, ["AAAA"], [], []),
    ("example.org", "MX", "NOERROR", True, ["MX"], [], ["A"]),
    ("example.org", "NS", "NOERROR", True, ["NS"], [], ["A", "A", "AAAA"]),
    ("example.org", "SOA", "NOERROR", True, ["SOA"], [], []),
    ("www.example.org", "TXT", "NOERROR", True, [], ["SOA"], []),
    ("nothing.example.org", "A", "NXDOMAIN", True, [], ["SOA"], []),
    ("b.c.ent.example.org", "A", "NOERROR", True, [], ["SOA"], []),
    ("alias.example.org", "A", "NOERROR", True, ["CNAME", "A"], [], []),
    ("alias.example.org", "CNAME", "NOERROR", True, ["CNAME"], [], []),
    ("ext.example.org", "A", "NOERROR", True, ["CNAME"], [], []),
    ("gone.example.org", "A", "NXDOMAIN", True, ["CNAME"], ["SOA"], []),
    ("alias.example.org", "TXT", "NOERROR", True, ["CNAME"], ["SOA"], []),
    ("loop.example.org", "A", "NOERROR", True, ["CNAME", "CNAME"], [], []),
    ("down.example.org", "A", "NOERROR", True, ["CNAME"], ["NS"], ["A"]),
    ("x.dn.example.org", "A", "NXDOMAIN", True, ["DNAME", "CNAME"], ["SOA"], []),
    ("dn.example.org", "DNAME", "NOERROR", True, ["DNAME"], [], []),
    ("dn.example.org", "A", "NOERROR", True, [], ["SOA"], []),
    ("x.wild.example.org", "A", "NOERROR", True, ["A"], [], []),
    ("x.y.wild.example.org", "A", "NOERROR", True, ["A"], [], []),
    ("*.wild.example.org", "A", "NOERROR", True, ["A"], [], []),
    ("x.wild.example.org", "MX", "NOERROR", True, [], ["SOA"], []),
    ("wild.example.org", "A", "NOERROR", True, [], ["SOA"], []),
    ("x.cw.example.org", "A", "NOERROR", True, ["CNAME", "A"], [], []),
    ("host.sub.example.org", "A", "NOERROR", False, [], ["NS"], ["A"]),
    ("sub.example.org", "NS", "NOERROR", False, [], ["NS"], ["A"]),
    ("ns.sub.example.org", "A", "NOERROR", False, [], ["NS"], ["A"]),
    ("sub.example.org", "DS", "NOERROR", True, [], ["SOA"], []),
    ("www.far.example.org", "A", "NOERROR", False, [], ["NS"], []),
    ("other.test", "A", "REFUSED", False, [], [], []),
    (".", "NS", "REFUSED", False, [], [], []),
]


@pytest.mark.parametrize(("name", "rdtype", "rcode", "aa", "ans", "auth", "add"), CASES)
def test_says_what_the_rfcs_say(plain, name, rdtype, rcode, aa, ans, auth, add):
    message = ask(plain, name, rdtype)
    assert dns.rcode.to_text(message.rcode()) == rcode
    assert bool(message.flags & AA) is aa
    assert not message.flags & (dns.flags.RA | dns.flags.AD)
    assert (types(message.answer), types(message.authority), types(message.additional)) == (
        ans,
        auth,
        add,
    )


def test_negative_answers_live_as_long_as_the_soa_says(plain):
    assert ask(plain, "nothing.example.org").authority[0].ttl == 300


def test_repeats_the_letters_of_the_question(plain):
    query = dns.message.make_query("wWw.ExAmPlE.org", "A")
    data = answer(query.to_wire(), Client("127.0.0.1"), plain, 0)
    assert b"\x03wWw\x07ExAmPlE\x03org" in data


def test_a_synthesised_name_that_gets_too_long_is_yxdomain(plain):
    label = "a" * 63
    name = f"{label}.{label}.{label}.{'b' * 46}.dn.example.org"
    assert ask(plain, name).rcode() == dns.rcode.YXDOMAIN


def test_any_gets_one_set_over_udp_and_all_over_tcp(plain):
    assert len(ask(plain, "www.example.org", "ANY").answer) == 1
    assert len(ask(plain, "www.example.org", "ANY", tcp=True).answer) == 2


@pytest.mark.parametrize(
    ("name", "edns", "tcp", "cut"),
    [
        ("big.example.org", False, False, True),
        ("big.example.org", True, False, False),
        ("huge.example.org", True, False, True),
        ("huge.example.org", False, True, False),
    ],
)
def test_truncates_what_does_not_fit(plain, name, edns, tcp, cut):
    message = ask(plain, name, "TXT", edns=edns, tcp=tcp)
    assert bool(message.flags & TC) is cut
    assert bool(message.answer) is not cut


def test_no_opt_for_who_sends_none(plain):
    assert ask(plain, "www.example.org", edns=False).edns == -1
    assert ask(plain, "www.example.org").payload == 1232


def test_the_parent_answers_for_ds_where_both_are_here():
    zones = ZoneSet([parent_zone(), child_zone()])
    message = ask(zones, "signed.example.org", "DS")
    assert message.authority[0].name.to_text() == "example.org."
    assert ask(zones, "www.signed.example.org").answer
    alone = ask(ZoneSet([child_zone()]), "signed.example.org", "DS")
    assert alone.authority[0].name.to_text() == "signed.example.org."


def test_views_answer_by_subnet_the_nearest_first():
    def zone(address):
        made = parent_zone()
        key = b"\x03www\x07example\x03org\0"
        made.nodes[key][1].rdatas = [bytes(map(int, address.split(".")))]
        return made

    zones = ZoneSet(
        [zone("192.0.2.1")],
        [
            (ip_network("10.0.0.0/8"), [zone("192.0.2.2")]),
            (ip_network("10.1.0.0/16"), [zone("192.0.2.3")]),
            (ip_network("2001:db8::/32"), [zone("192.0.2.4")]),
        ],
    )
    table = {
        "127.0.0.1": "192.0.2.1",
        "10.9.0.1": "192.0.2.2",
        "10.1.2.3": "192.0.2.3",
        "::ffff:10.1.2.3": "192.0.2.3",
        "2001:db8::1": "192.0.2.4",
        "fe80::1%eth0": "192.0.2.1",
    }
    for client, expected in table.items():
        assert ask(zones, "www.example.org", client=client).answer[0][0].address == expected


@pytest.mark.parametrize(
    ("change", "rcode"),
    [
        (lambda q: q.set_opcode(4), "NOTIMP"),
        (lambda q: q.use_edns(1), "BADVERS"),
        (lambda q: q.question.clear(), "FORMERR"),
        (lambda q: q.question.extend(q.question[:]), "FORMERR"),
    ],
)
def test_refuses_what_is_no_question(plain, change, rcode):
    query = dns.message.make_query("www.example.org", "A")
    change(query)
    message = dns.message.from_wire(answer(query.to_wire(), Client("::1"), plain, 0))
    assert dns.rcode.to_text(message.rcode()) == rcode


def test_tells_its_name_to_who_asks(plain):
    query = dns.message.make_query("www.example.org", "A", options=[])
    query.use_edns(0, options=[dns.edns.GenericOption(3, b"")])
    data = answer(query.to_wire(), Client("::1"), plain, 0, Manners(nsid=b"lab-1"))
    assert b"lab-1" in data


def test_says_nothing_to_responses_and_scraps(plain):
    response = dns.message.make_response(dns.message.make_query("www.example.org", "A"))
    for data in (b"", b"\0" * 11, response.to_wire()):
        assert answer(data, Client("127.0.0.1"), plain, 0) is None


@given(st.binary(max_size=200))
def test_survives_any_octets(plain, data):
    got = answer(b"\x12\x34\0\0\0\x01\0\0\0\0\0\0" + data, Client("127.0.0.1"), plain, 0)
    assert got is None or got[:2] == b"\x12\x34"


def referral_of(count, size, inside=True):
    """The referral to a zone with so many servers, each with two addresses."""
    hosts = [f"n{n}.sub" if inside else f"n{n}" for n in range(count)]
    text = "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns.other.test.\n" + "".join(
        f"sub NS {host}\n{host} A 192.0.2.{n}\n{host} AAAA 2001:db8::{n}\n"
        for n, host in enumerate(hosts)
    )
    zones = ZoneSet([parse_zone(text, "x.test.", "zone")])
    query = dns.message.make_query("www.sub.x.test", "A", use_edns=0, payload=size)
    data = answer(query.to_wire(), Client("127.0.0.1"), zones, 0, Manners(max_udp_bytes=65535))
    message = dns.message.from_wire(data)
    return sum(map(len, message.additional)), bool(message.flags & TC)


def test_glue_that_does_not_fit_is_truncation():
    """RFC 9471, 3.1: all of it, or TC; 3.2: of hosts beside the cut as much as fits."""
    assert referral_of(13, 1232) == (26, False)
    for size in (512, 700):
        glue, truncated = referral_of(13, size)
        assert 0 < glue < 26
        assert truncated
    glue, truncated = referral_of(13, 512, inside=False)
    assert 0 < glue < 26
    assert not truncated
    assert referral_of(200, 65535) == (400, False)


def test_glue_below_the_cut_comes_first():
    text = "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns.other.test.\nsub NS a\nsub NS z.sub\n"
    text += "a A 192.0.2.1\nz.sub A 192.0.2.2\n"
    zones = ZoneSet([parse_zone(text, "x.test.", "zone")])
    query = dns.message.make_query("sub.x.test", "NS")
    message = dns.message.from_wire(answer(query.to_wire(), Client("127.0.0.1"), zones, 0))
    assert [str(rrset.name) for rrset in message.additional] == ["z.sub.x.test.", "a.x.test."]
