import itertools

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.resolver.message import (
    EDNS_PAYLOAD_BYTES,
    MAX_CHAIN,
    Broken,
    Query,
    Reply,
    Stray,
    make_query,
    read_reply,
)

QUERY = make_query("www.example", "A", id_=0x1234)
SOA = "ns.example. admin.example. 1 3600 600 86400 60"


def answer(*records: str, query: Query = QUERY, authority: tuple[str, ...] = ()) -> bytes:
    message = dns.message.make_response(dns.message.from_wire(query.wire))
    message.flags |= dns.flags.RA
    for section, texts in ((message.answer, records), (message.authority, authority)):
        for text in texts:
            name, ttl, type_, data = text.split(" ", 3)
            section.append(dns.rrset.from_text(name, int(ttl), "IN", type_, data))
    return message.to_wire()


def test_a_query_is_what_a_stub_sends() -> None:
    message = dns.message.from_wire(QUERY.wire)
    assert message.id == 0x1234
    assert message.flags == dns.flags.RD
    assert (message.edns, message.payload) == (0, EDNS_PAYLOAD_BYTES)
    assert message.question[0].to_text() == "www.example. IN A"


def test_a_query_without_edns_and_with_ad() -> None:
    message = dns.message.from_wire(
        make_query("x.", "AAAA", id_=1, edns=False, authentic=True).wire
    )
    assert message.edns == -1
    assert message.flags == dns.flags.RD | dns.flags.AD


def test_backslashes_in_names_are_no_escapes() -> None:
    message = dns.message.from_wire(make_query("a\\046b.example", "A", id_=1).wire)
    assert message.question[0].name.labels[0] == b"a\\046b"


def test_addresses() -> None:
    reply = read_reply(QUERY, answer("www.example. 60 A 192.0.2.1", "www.example. 60 A 192.0.2.2"))
    assert isinstance(reply, Reply)
    assert set(reply.addresses) == {"192.0.2.1", "192.0.2.2"}
    assert (reply.kind, reply.rcode, reply.ttl_s) == ("answer", "NOERROR", 60)
    assert reply.flags == ("qr", "rd", "ra")
    assert reply.answers[0].name == "www.example"


def test_a_chain_gives_its_end_and_its_least_ttl() -> None:
    wire = answer(
        "b.example. 30 CNAME c.example.",
        "c.example. 90 A 192.0.2.1",
        "www.example. 60 CNAME B.example.",
    )
    reply = read_reply(QUERY, wire)
    assert isinstance(reply, Reply)
    assert (reply.canonical_name, reply.ttl_s) == ("c.example", 30)
    assert reply.addresses == ("192.0.2.1",)


def test_records_beside_the_chain_are_not_believed() -> None:
    reply = read_reply(QUERY, answer("other.example. 60 A 203.0.113.66"))
    assert isinstance(reply, Reply)
    assert (reply.kind, reply.addresses) == ("nodata", ())


@pytest.mark.parametrize(("length", "kind"), [(MAX_CHAIN, Reply), (MAX_CHAIN + 1, Broken)])
def test_the_chain_is_bounded(length: int, kind: type) -> None:
    names = ["www.example.", *(f"n{i}.example." for i in range(length))]
    chain = [f"{a} 60 CNAME {b}" for a, b in itertools.pairwise(names)]
    assert isinstance(read_reply(QUERY, answer(*chain, f"{names[-1]} 60 A 192.0.2.1")), kind)


def test_a_chain_that_loops_is_broken() -> None:
    wire = answer("www.example. 60 CNAME b.example.", "b.example. 60 CNAME www.example.")
    reply = read_reply(QUERY, wire)
    assert isinstance(reply, Broken)
    assert "loops" in reply.reason


def test_negative_answers_carry_their_ttl() -> None:
    reply = read_reply(QUERY, answer(authority=(f"example. 900 SOA {SOA}",)))
    assert isinstance(reply, Reply)
    assert (reply.kind, reply.ttl_s) == ("nodata", 60)
    assert reply.authorities[0].type == "SOA"


@pytest.mark.parametrize(
    ("rcode", "kind"),
    [("NXDOMAIN", "nxdomain"), ("SERVFAIL", "error"), ("REFUSED", "error"), ("BADVERS", "error")],
)
def test_rcodes(rcode: str, kind: str) -> None:
    message = dns.message.make_response(dns.message.from_wire(QUERY.wire))
    message.set_rcode(dns.rcode.from_text(rcode))
    reply = read_reply(QUERY, message.to_wire())
    assert isinstance(reply, Reply)
    assert (reply.rcode, reply.kind) == (rcode, kind)


def test_a_referral() -> None:
    message = dns.message.make_response(dns.message.from_wire(QUERY.wire))
    message.authority.append(dns.rrset.from_text("example.", 1, "IN", "NS", "ns.example."))
    reply = read_reply(QUERY, message.to_wire())
    assert isinstance(reply, Reply)
    assert reply.kind == "referral"


def test_extended_errors() -> None:
    message = dns.message.make_response(dns.message.from_wire(QUERY.wire))
    message.use_edns(0, options=[dns.edns.EDEOption(6, "bad\nsignature")])
    reply = read_reply(QUERY, message.to_wire())
    assert isinstance(reply, Reply)
    assert reply.extended_error is not None
    assert reply.extended_error.startswith("6 (DNSSEC Bogus): bad")
    assert "\n" not in reply.extended_error


def _header_only(rcode: int) -> bytes:
    return QUERY.wire[:2] + bytes([0x81, 0x80 | rcode]) + bytes(8)


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (b"", "shorter"),
        (bytes(11), "shorter"),
        (b"\0\0" + answer("www.example. 60 A 192.0.2.1")[2:], "wrong query id"),
        (QUERY.wire, "not a response"),
        (QUERY.wire[:2] + b"\xa8\x00" + QUERY.wire[4:], "opcode"),
        (answer(query=make_query("www.example", "AAAA", id_=0x1234)), "another question"),
        (answer(query=make_query("w.example", "A", id_=0x1234)), "another question"),
        (_header_only(0), "no question"),
        (QUERY.wire[:2] + b"\x81\x80\0\1" + bytes(6) + b"\xc0\x0c", "decoded"),
    ],
)
def test_strays(wire: bytes, reason: str) -> None:
    read = read_reply(QUERY, wire)
    assert isinstance(read, Stray)
    assert reason in read.reason


def test_a_server_that_cannot_read_need_not_repeat_the_question() -> None:
    reply = read_reply(QUERY, _header_only(1))
    assert isinstance(reply, Reply)
    assert reply.rcode == "FORMERR"


def test_the_answers_case_does_not_matter() -> None:
    wire = answer("www.example. 60 A 192.0.2.1").replace(b"\x03www", b"\x03WwW")
    assert isinstance(read_reply(QUERY, wire), Reply)


def test_a_cut_answer_is_broken() -> None:
    assert isinstance(read_reply(QUERY, answer("www.example. 60 A 192.0.2.1")[:-12]), Broken)


@given(st.binary(max_size=300))
def test_any_bytes_are_read(wire: bytes) -> None:
    assert isinstance(read_reply(QUERY, wire), Stray | Reply | Broken)


HTTPS = make_query("www.example", "HTTPS", id_=0x1234)
GOOD = [
    answer(
        "www.example. 60 CNAME b.example.",
        "b.example. 30 A 192.0.2.1",
        authority=(f"example. 900 SOA {SOA}",),
    ),
    answer(
        "www.example. 60 HTTPS 1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1",
        query=HTTPS,
    ),
]


@given(st.sampled_from(GOOD), st.lists(st.tuples(st.integers(2), st.integers(0, 255)), max_size=6))
def test_damaged_answers_are_read(wire: bytes, damage: list[tuple[int, int]]) -> None:
    damaged = bytearray(wire)
    for place, value in damage:
        damaged[2 + place % (len(wire) - 2)] = value
    for query in (QUERY, HTTPS):
        assert isinstance(read_reply(query, bytes(damaged)), Stray | Reply | Broken)
