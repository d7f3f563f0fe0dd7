"""What is known without dnspython reads as dnspython writes it."""

import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants
from firstbyte.protocols.dns.common_text import common_text
from firstbyte.protocols.dns.presentation import (
    class_number,
    class_text,
    data_text,
    opcode_number,
    rcode_text,
    type_number,
    type_text,
)
from firstbyte.protocols.dns.svcb import read_binding

TYPES = ["A", "NS", "CNAME", "SOA", "PTR", "MX", "AAAA", "DNAME", "SVCB", "HTTPS"]


def wire(kind: str, text: str) -> bytes:
    data = dns.rdata.from_text("IN", kind, text).to_wire()
    assert data is not None
    return data


def reference(kind: str, data: bytes) -> str:
    value = dns.rdata.from_wire("IN", kind, data, 0, len(data))
    return str(value.to_text())


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:db8::1"),
        ("NS", "Ns.example."),
        ("CNAME", r"a\.b\"c\007.example."),
        ("PTR", "."),
        ("DNAME", "*.example."),
        ("MX", "10 mail.example."),
        ("SOA", "ns.example. admin.example. 1 3600 600 86400 300"),
        ("HTTPS", "0 svc.example."),
        ("HTTPS", "1 ."),
        ("SVCB", "1 . mandatory=alpn,port alpn=h2,h3-29,http/1.1 no-default-alpn port=53"),
        ("HTTPS", "2 a.b. ipv4hint=192.0.2.1,192.0.2.2 ech=AAQAAQAA ipv6hint=2001:db8::1,::"),
    ],
)
def test_the_common_types(kind: str, text: str) -> None:
    data = wire(kind, text)
    shown = common_text(dns.rdatatype.from_text(kind), data)
    assert shown == reference(kind, data)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("AAAA", "::ffff:192.0.2.1"), ("HTTPS", r'1 . alpn="a\\,b"'), ("HTTPS", "1 . key9=x")],
)
def test_what_is_rare_is_left_to_dnspython(kind: str, text: str) -> None:
    data = wire(kind, text)
    number = dns.rdatatype.from_text(kind)
    assert common_text(number, data) is None
    assert data_text(constants.IN, number, data) == reference(kind, data)


@given(st.sampled_from(TYPES), st.binary(max_size=60))
@example("HTTPS", b"\0\1\0\0\1\0\3\2h2\0\2\0\0")
def test_any_octets_read_as_dnspython_reads_them_or_not_at_all(kind: str, data: bytes) -> None:
    shown = common_text(dns.rdatatype.from_text(kind), data)
    if shown is not None:
        assert shown == reference(kind, data)


PIECES = (
    "00010000",
    "0001 0003 026833",
    "0001 0003 026832",
    "0002 0000",
    "0003 0002 01bb",
    "0003 0001 01",
    "0000 0002 0003",
    "0000 0004 0001 0003",
    "0004 0004 01020304",
    "0004 0003 010203",
    "0005 0001 78",
    "0005 0006 0004 61626364",
    "0006 0010 00000000000000000000000000000001",
    "0009 0001 78",
    "ffff 0000",
    "00",
)
"""Parameters, whole and broken."""
HEADS = ("0001 00", "0001 0161 00", "0001 0161")


@given(st.sampled_from(HEADS), st.lists(st.sampled_from(PIECES), max_size=4))
def test_bindings_are_refused_where_dnspython_refuses_them(head: str, pieces: list[str]) -> None:
    data = bytes.fromhex("".join([head, *pieces]))
    try:
        dns.rdata.from_wire("IN", "HTTPS", data, 0, len(data))
    except Exception:
        with pytest.raises(DecodeError):
            read_binding(data)
    else:
        assert read_binding(data).priority == 1


def test_numbers_and_mnemonics_are_dnspython_s() -> None:
    for number, name in constants.TYPE_NAMES.items():
        assert dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number)) == name
        assert type_number(name.lower()) == number
    for number in (1, 99, 250, 4711):
        assert type_text(number) == dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number))
        assert type_number(type_text(number)) == number
    for number in (0, 1, 3, 4, 77, 254, 255):
        named = dns.rdataclass.to_text(dns.rdataclass.RdataClass.make(number))
        assert class_text(number) == named
        assert class_number(named.lower()) == number
    assert class_number("chaos") == 3
    assert class_number("class65536") is class_number("x") is type_number("x") is None
    for code in dns.rcode.Rcode:
        assert rcode_text(code) == dns.rcode.to_text(code)
    assert rcode_text(13) == "RESERVED13"
    assert [opcode_number(word) for word in ("notify", "7", "16", "x")] == [4, 7, None, None]
