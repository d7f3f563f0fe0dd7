"""The walker holds against dnspython, and against anything at all."""

from contextlib import suppress

import dns.edns
import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import names, walker
from firstbyte.protocols.dns.message import group

RRSETS = [
    ("www.example.com.", "A", "192.0.2.1", "192.0.2.2"),
    ("www.example.com.", "AAAA", "2001:db8::1"),
    ("example.com.", "MX", "10 mail.example.com."),
    ("example.com.", "SOA", "ns.example.com. admin.example.com. 1 2 3 4 5"),
    ("example.com.", "NS", "ns.example.com.", "ns.example.net."),
    ("_sip._udp.example.com.", "SRV", "0 5 5060 sip.example.com."),
    ("example.com.", "TXT", '"hello" "world"'),
    ("example.com.", "HTTPS", "1 . alpn=h2,h3"),
    ("d.example.com.", "DNAME", "other.example."),
    ("example.com.", "NAPTR", '100 10 "u" "sip" "!^.*$!x!" .'),
]


def message_with(*rrsets: tuple[str, ...]) -> dns.message.Message:
    query = dns.message.make_query("www.example.com", "A", want_dnssec=True)
    response = dns.message.make_response(query)
    for owner, rdtype, *datas in rrsets:
        response.answer.append(dns.rrset.from_text(owner, 300, "IN", rdtype, *datas))
    return response


@pytest.mark.parametrize("row", RRSETS, ids=lambda row: row[1])
def test_rdata_is_what_dnspython_means(row: tuple[str, ...]) -> None:
    wire = message_with(row).to_wire()
    expected = dns.message.from_wire(wire).answer[0]
    (rrset,) = group(walker.decode(wire).answer)
    assert names.to_text(rrset.key) == str(expected.name)
    assert sorted(rrset.rdatas) == sorted(rdata.to_wire() for rdata in expected)
    assert rrset.ttl_s == 300


def test_all_at_once_with_edns() -> None:
    message = walker.decode(message_with(*RRSETS).to_wire())
    assert len(group(message.answer)) == len(RRSETS)
    assert message.edns is not None
    assert message.edns.payload_bytes == 8192
    assert message.qname == names.from_text("www.example.com.")


BROKEN = [
    ("short header", b"\0" * 11),
    ("pointer to itself", b"\0" * 4 + b"\0\1" + b"\0" * 6 + b"\xc0\x0c\0\1\0\1"),
    ("pointer forwards", b"\0" * 4 + b"\0\1" + b"\0" * 6 + b"\xc0\x20\0\1\0\1" + b"\0" * 40),
    ("label over the end", b"\0" * 4 + b"\0\1" + b"\0" * 6 + b"\x3fabc"),
    ("bad label type", b"\0" * 4 + b"\0\1" + b"\0" * 6 + b"\x80abc\0\0\1\0\1"),
    ("OPT with a name", b"\0" * 11 + b"\1" + b"\1a\0" + b"\0\x29\x04\xd0" + b"\0" * 6),
    ("missing record", b"\0" * 6 + b"\0\1" + b"\0" * 4),
    ("long name", b"\0" * 4 + b"\0\1" + b"\0" * 6 + b"\x3f" * 64 * 5 + b"\0\0\1\0\1"),
]


@pytest.mark.parametrize(("name", "data"), BROKEN, ids=lambda value: str(value)[:30])
def test_rules_are_kept(name: str, data: bytes) -> None:
    with pytest.raises(DecodeError):
        walker.decode(data)


@pytest.mark.parametrize("rdtype", [1, 28, 46])
def test_a_record_that_cannot_be_is_left_out(rdtype: int) -> None:
    """An address of three octets is no reason to lose the others beside it."""
    head = b"\0" * 6 + b"\0\2" + b"\0" * 4
    broken = b"\0" + rdtype.to_bytes(2, "big") + b"\0\1\0\0\0\0\0\3abc"
    whole = b"\0\0\1\0\1\0\0\0\0\0\4abcd"
    for data in (head + broken + whole, head + whole + broken):
        assert [record.rdata for record in walker.decode(data).answer] == [b"abcd"]


@given(st.binary(max_size=300))
def test_any_octets_decode_or_raise(data: bytes) -> None:
    with suppress(DecodeError):
        walker.decode(data)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=6))
def test_damaged_messages_decode_or_raise(at: int, damage: bytes) -> None:
    wire = bytearray(message_with(*RRSETS).to_wire())
    at %= len(wire)
    wire[at : at + len(damage)] = damage
    with suppress(DecodeError):
        walker.decode(bytes(wire))


def outcome(data: bytes, question: bytes = b"") -> object:
    try:
        return walker.decode(data, question)
    except DecodeError as error:
        return str(error)


@given(st.integers(0, 10_000), st.binary(max_size=6), st.binary(max_size=30), st.binary(max_size=3))
def test_a_record_of_options_means_the_same_remembered_or_not(
    at: int, damage: bytes, option: bytes, trailing: bytes
) -> None:
    options = [dns.edns.GenericOption(10, option)] if option else []
    query = dns.message.make_query("www.example.com", "A", want_dnssec=True, options=options)
    wire = bytearray(query.to_wire() + trailing)
    at %= len(wire)
    wire[at : at + len(damage)] = damage
    remembered = outcome(bytes(wire))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walker, "_opt_at_end", lambda _: None)
        assert outcome(bytes(wire)) == remembered


@given(st.integers(0, 10_000), st.binary(max_size=6))
def test_an_answer_means_the_same_where_its_question_is_known(at: int, damage: bytes) -> None:
    wire = bytearray(message_with(*RRSETS).to_wire())
    question = bytes(wire[12 : wire.index(b"\0", 12) + 5])
    at %= len(wire)
    wire[at : at + len(damage)] = damage
    assert outcome(bytes(wire), question) == outcome(bytes(wire))


def test_a_chain_of_pointers_costs_little() -> None:
    hops = b"".join((12 + 2 * i - 2 | 0xC000).to_bytes(2, "big") for i in range(1, 4000))
    data = b"\0" * 4 + b"\0\1" + b"\0" * 6 + b"\0\0" + hops
    walker.decode(data[:12] + b"\0\0\1\0\1" + hops)
    with pytest.raises(DecodeError):
        walker.read_name(data, len(data) - 2, {})
