"""What is written is what dnspython reads, and it fits."""

import dns.flags
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import names, walker, writer
from firstbyte.protocols.dns.message import Edns, RRset, group
from firstbyte.protocols.dns.patching import aged, truncated, with_id
from firstbyte.protocols.dns.writer import Parts, query, render

LABEL = st.binary(min_size=1, max_size=20)
NAME = st.lists(LABEL, max_size=8).map(names.from_labels)


def address_set(name: str, count: int = 1) -> RRset:
    rdatas = [bytes((192, 0, 2, number)) for number in range(count)]
    return RRset(names.from_text(name), c.A, 300, rdatas)


@given(st.lists(NAME, min_size=1, max_size=6))
def test_names_survive_compression(owners: list[bytes]) -> None:
    sets = [RRset(owner.lower(), c.NS, 60, [owner]) for owner in dict.fromkeys(owners)]
    data = render(Parts(1, c.QR, owners[0], c.NS, answer=sets)).data
    message = walker.decode(data)
    assert message.qname == owners[0]
    assert {record.key for record in message.answer} == {rrset.key for rrset in sets}
    dns.message.from_wire(data)


def test_a_full_message_reads_back() -> None:
    soa = names.from_text("ns.example.") + names.from_text("admin.example.") + bytes(20)
    parts = Parts(
        7,
        c.QR | c.RA,
        names.from_text("WWW.example."),
        c.A,
        answer=[address_set("www.example.", 3)],
        authority=[RRset(names.from_text("example."), c.SOA, 60, [soa])],
        edns=Edns(1232, dnssec_ok=True, options=((15, b"\0\x06why"),)),
    )
    rendered = render(parts)
    message = dns.message.from_wire(rendered.data)
    assert len(message.answer[0]) == 3
    assert str(message.question[0].name) == "WWW.example."
    assert message.payload == 1232
    older = dns.message.from_wire(aged(rendered.data, rendered.ttl_offsets, 100))
    assert older.answer[0].ttl == 200
    assert older.authority[0].ttl == 0
    assert with_id(rendered.data, b"\x12\x34")[:2] == b"\x12\x34"


@given(
    NAME,
    st.sampled_from([c.A, c.CNAME, c.TXT, c.DNSKEY]),
    st.lists(st.binary(min_size=1, max_size=40).map(lambda data: data + b"\0"), max_size=4),
    st.booleans(),
    st.integers(12, 300),
    st.sampled_from([c.IN, c.CHAOS]),
)
def test_a_plain_answer_is_octet_for_octet_the_same(
    name: bytes, rdtype: int, datas: list[bytes], signatures: bool, room: int, qclass: int
) -> None:
    if rdtype == c.CNAME:
        datas = [names.from_text("target.example.")]
    answer = [RRset(name.lower(), rdtype, 60, datas, [bytes(20), bytes(30)])]
    parts = Parts(9, c.QR, name, rdtype, qclass, answer, edns=Edns(), signatures=signatures)
    plain = render(parts, room)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "_plain", lambda *_: None)
        assert render(parts, room) == plain


def test_truncation_drops_whole_sets_and_says_so() -> None:
    parts = Parts(1, c.QR, names.from_text("a."), c.A, answer=[address_set("a.", 60)])
    rendered = render(parts, 512)
    message = dns.message.from_wire(rendered.data)
    assert message.flags & dns.flags.TC
    assert not message.answer
    assert len(rendered.data) <= 512
    cut = dns.message.from_wire(truncated(render(parts).data))
    assert cut.flags & dns.flags.TC
    assert str(cut.question[0].name) == "a."


def test_additional_records_go_silently() -> None:
    extra = [address_set(f"n{number}.", 20) for number in range(4)]
    parts = Parts(1, c.QR, names.from_text("a."), c.A)
    parts.answer = [address_set("a.")]
    parts.additional = extra
    message = walker.decode(render(parts, 512).data)
    assert not message.flags & c.TC
    assert 0 < len(group(message.additional)) < 4


def test_a_query_is_what_was_asked() -> None:
    data = query(9, c.RD, names.from_text("eXample."), c.AAAA, Edns(1232))
    message = dns.message.from_wire(data)
    assert message.id == 9
    assert message.edns == 0
    assert message.question[0].to_text() == "eXample. IN AAAA"
