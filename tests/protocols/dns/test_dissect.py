"""Any octets are shown; good messages whole, broken ones as far as they go."""

import dns.edns
import dns.flags
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.protocols.dns.dissect import dissect


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
    assert "18, Prohibited: no" in values(fields, "value")
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
        (b"\0\1\0\0\0\0\0\1" + bytes(4) + b"\0\0\x0f\0\1\0\0\0\0\0\2\0\1\0\0\0", "its length"),
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
