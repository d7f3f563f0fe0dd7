"""The short way through the commonest messages ends where the long way does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import names
from firstbyte.protocols.dns.message import Message, Record
from firstbyte.resolver.machine import replies

ZONE = names.from_text("example.")
NAME = names.from_text("www.example.")
SIGNATURE = c.A.to_bytes(2, "big") + bytes(30)
OWNERS = st.sampled_from([NAME, NAME, NAME, ZONE, names.from_text("www.other.")])
TYPES = [c.A, c.A, c.A, c.RRSIG, c.NS, c.CNAME, c.DS, c.TXT]


def data_of(rdtype: int) -> st.SearchStrategy[bytes]:
    if rdtype == c.RRSIG:
        return st.just(SIGNATURE)
    if rdtype in (c.NS, c.CNAME):
        return st.just(names.from_text("target.example."))
    return st.sampled_from([b"\1\2\3\4", b"\5\6\7\x08"])


@st.composite
def records(draw: st.DrawFn) -> Record:
    rdtype = draw(st.sampled_from(TYPES))
    rdclass = draw(st.sampled_from([c.IN, c.IN, c.IN, c.CHAOS]))
    return Record(draw(OWNERS), rdtype, rdclass, draw(st.integers(0, 5)), draw(data_of(rdtype)))


FEW = st.lists(records(), max_size=1)


@given(
    st.sampled_from([c.AA, c.AA, c.RA, 0]),
    st.sampled_from([0, 0, 0, c.NXDOMAIN, c.SERVFAIL]),
    st.lists(records(), max_size=3),
    st.one_of(st.just([]), FEW),
    st.one_of(st.just([]), FEW),
    st.sampled_from([NAME, NAME, ZONE]),
    st.sampled_from([*TYPES, c.ANY]),
    st.booleans(),
)
def test_a_plain_reply_is_what_any_reply_would_be(
    flag: int,
    rcode: int,
    answer: list[Record],
    authority: list[Record],
    additional: list[Record],
    name: bytes,
    rdtype: int,
    recursive: bool,
) -> None:
    def read() -> str:
        flags = c.QR | flag | rcode
        message = Message(1, flags, name, rdtype, c.IN, answer, authority, additional)
        return repr(replies.read(message, ZONE, name, rdtype, recursive=recursive))

    short = read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replies, "_plain", lambda *_: None)
        assert read() == short


def test_a_plain_reply_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(replies, "_follow")
    answer = [Record(NAME, c.A, c.IN, 5, b"\1\2\3\4"), Record(NAME, c.RRSIG, c.IN, 5, SIGNATURE)]
    message = Message(1, c.QR | c.AA, NAME, c.A, c.IN, answer)
    reply = replies.read(message, ZONE, NAME, c.A, recursive=False)
    assert reply.links[0].signatures == [SIGNATURE]
