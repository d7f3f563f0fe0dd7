"""Any octets are shown; good messages whole, broken ones as far as they go."""

import dns.edns
import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.protocols.dns.dissect import dissect
from testbed.many_types import MANY_TYPES


def response():
    message = dns.message.from_text(
        "id 6699\nopcode QUERY\nrcode NOERROR\nflags QR AA RD\nedns 0\neflags DO\npayload 1232\n"
        ";QUESTION\nwww.example.org. IN A\n"
        ";ANSWER\nwww.example.org. 60 IN CNAME web.example.org.\n"
        "web.example.org. 60 IN A 192.0.2.1\n"
        "mx.example.org. 60 IN MX 10 web.example.org.\n"
        'x.example.org. 60 IN TXT "one" "two"\n'
        "_s._tcp.example.org. 60 IN SRV 1 2 5060 web.example.org.\n"
        ";AUTHORITY\nexample.org. 60 IN SOA a.example.org. b.example.org. 1 2 3 4 5\n"
        ";ADDITIONAL\nweb.example.org. 60 IN AAAA 2001:db8::1\n"
    )
    message.use_edns(
        0,
        dns.flags.DO,
        1232,
        options=[
            dns.edns.EDEOption(18, "no"),
        ],
    )
    return message.to_wire()


def many_types():
    """Every record of a zone, each in a message of its own."""
    zone = dns.zone.from_text(MANY_TYPES, "example.org.", relativize=False, check_origin=False)
    for name, rdataset in zone.iterate_rdatasets():
        message = dns.message.Message()
        message.answer.append(dns.rrset.from_rdata_list(name, rdataset.ttl, rdataset))
        yield dns.rdatatype.to_text(rdataset.rdtype), message.to_wire()


@pytest.mark.parametrize(("kind", "data"), [*many_types()], ids=[kind for kind, _ in many_types()])
def test_every_type_is_read_to_its_end(kind, data):
    fields = dissect(data)
    assert not [field for field in fields if field.problem]
    assert sum(field.size for field in fields if not field.mask) == len(data)
    assert any(kind in field.label for field in fields)


@pytest.mark.parametrize(("kind", "data"), [*many_types()], ids=[kind for kind, _ in many_types()])
def test_data_cut_short_is_told_where_it_ends(kind, data):
    rdata = dns.message.from_wire(data).answer[0][0]
    whole = rdata.to_wire()
    head = b"\0\0\x80\0\0\0\0\1\0\0\0\0\0"
    head += rdata.rdtype.to_bytes(2, "big") + b"\0\1\0\0\0\0"
    for size in range(1, min(len(whole), 40)):
        cut = head + size.to_bytes(2, "big") + whole[:size]
        fields = dissect(cut)
        assert sum(field.size for field in fields if not field.mask) == len(cut)
        for field in fields:
            assert field.at + field.size <= len(cut)
            assert not field.problem or field.at >= len(head) + 2


def option_fields(code, octets):
    message = dns.message.make_query("x.test", "A")
    message.use_edns(0, options=[dns.edns.GenericOption(code, bytes.fromhex(octets))])
    return dissect(message.to_wire())


@pytest.mark.parametrize(
    ("code", "octets", "label", "value"),
    [
        (3, "6c6162", "value", '"lab"'),
        (5, "080d0f", "algorithms", "8, 13, 15"),
        (8, "00011800c00002", "address", "192.0.2.0/24"),
        (8, "0002200020010db8", "address", "2001:db8::/32"),
        (9, "00000e10", "expire", "3600 s"),
        (10, "0102030405060708" + "11" * 16, "server cookie", " ".join(["11"] * 16)),
        (11, "012c", "idle time", "30 s"),
        (12, "000000", "padding", "3 octets"),
        (13, "0478616d7000", "name", "xamp."),
        (14, "4f66", "key tag", "20326"),
        (15, "001262616e", "info code", "Prohibited (18)"),
        (19, "010000000007", "serial", "7"),
        (65001, "0102", "value", "01 02"),
    ],
)
def test_options_are_read(code, octets, label, value):
    fields = option_fields(code, octets)
    assert value in values(fields, label)
    assert not [field for field in fields if field.problem]


@pytest.mark.parametrize(
    ("code", "octets"),
    [(8, "0001"), (8, "00012000c0"), (8, "0003080001"), (10, "0102"), (11, "01"), (15, "00")],
)
def test_a_broken_option_is_told_and_what_follows_is_read(code, octets):
    message = dns.message.make_query("x.test", "A")
    broken = dns.edns.GenericOption(code, bytes.fromhex(octets))
    message.use_edns(0, options=[broken, dns.edns.GenericOption(3, b"after")])
    fields = dissect(message.to_wire())
    assert [field for field in fields if field.problem]
    assert '"after"' in values(fields, "value")


def values(fields, label):
    return [field.value for field in fields if field.label == label]


def test_a_good_message_is_shown_whole():
    data = response()
    fields = dissect(data)
    assert not [field for field in fields if field.problem]
    covered = sorted((f.at, f.at + f.size) for f in fields if f.size)
    at = 0
    for start, end in covered:
        assert start == at
        at = end
    assert at == len(data)


def test_what_the_fields_say():
    fields = dissect(response())
    assert values(fields, "RCODE") == ["NOERROR"]
    assert values(fields, "AA") == ["authoritative"]
    assert "to 12: www.example.org." in values(fields, "pointer")
    assert values(fields, "preference") == ["10"]
    assert values(fields, "text") == ['"one"', '"two"']
    assert values(fields, "serial") == ["1"]
    assert values(fields, "DO") == ["DNSSEC wanted"]
    assert values(fields, "option") == ["Extended DNS Error (15)"]
    assert values(fields, "info code") == ["Prohibited (18)"]
    assert values(fields, "extra text") == ['"no"']
    assert "2001:db8::1" in values(fields, "address")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the message ends"),
        (b"\0" * 11, "the message ends"),
        (b"\0\1\0\0\0\1" + bytes(6) + b"\xc0\x0c\0\1\0\1", "lead backwards"),
        (b"\0\1\0\0\0\1" + bytes(6) + b"\x80a\0\0\1\0\1", "label types"),
        (b"\0\1\0\x40" + bytes(8), "must be 0"),
        (b"\0\1\0\0" + bytes(8) + b"xyz", "not counted"),
        (b"\0\1\0\0\0\0\0\1" + bytes(4) + b"\0\0\x0f\0\1\0\0\0\0\0\3\0\1\0", ""),
        (
            b"\0\1\0\0\0\0\0\1" + bytes(4) + b"\0\0\x0f\0\1\0\0\0\0\0\2\0\1\0\0\0",
            "the record data ends",
        ),
    ],
)
def test_what_is_broken_is_said(data, words):
    assert any(words in field.problem for field in dissect(data))


@given(st.binary(max_size=300))
def test_any_octets_are_shown(data):
    fields = dissect(data)
    assert all(0 <= field.at <= len(data) and field.size >= 0 for field in fields)


@given(st.data())
def test_damaged_messages_are_shown(draw):
    data = bytearray(response())
    for _ in range(draw.draw(st.integers(1, 6))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = draw.draw(st.integers(0, len(data)))
    assert dissect(bytes(data)) is not None
    assert dissect(bytes(data[:cut])) is not None
