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
OWNERS = [NAME, ZONE, names.from_text("www.other.")]
TYPES = [c.A, c.RRSIG, c.NS, c.CNAME, c.DS, c.TXT]


def data_of(rdtype: int) -> st.SearchStrategy[bytes]:
    if rdtype == c.RRSIG:
        return st.just(SIGNATURE)
    if rdtype in (c.NS, c.CNAME):
        return st.just(names.from_text("target.example."))
    return st.sampled_from([b"\1\2\3\4", b"\5\6\7\x08"])


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """An answer to a question, or nearly."""
    name = draw(st.sampled_from([NAME, ZONE]))
    asked = draw(st.sampled_from([*TYPES, c.ANY]))

    def record() -> Record:
        owner = draw(st.sampled_from([name] * 6 + OWNERS))
        rdtype = draw(st.sampled_from([asked] * 6 + TYPES))
        rdclass = draw(st.sampled_from([c.IN] * 6 + [c.CHAOS]))
        return Record(owner, rdtype, rdclass, draw(st.integers(0, 5)), draw(data_of(rdtype)))

    def section(most: int) -> list[Record]:
        return [record() for _ in range(draw(st.integers(0, most)))]

    flags = c.QR | draw(st.sampled_from([c.AA] * 3 + [c.RA, 0]))
    flags |= draw(st.sampled_from([0] * 6 + [c.NXDOMAIN, c.SERVFAIL]))
    sections = section(3), *draw(st.sampled_from([([], []), (section(1), section(1))]))
    return Message(1, flags, name, asked, c.IN, *sections)


@given(messages(), st.booleans())
def test_a_plain_reply_is_what_any_reply_would_be(message: Message, recursive: bool) -> None:
    def read() -> str:
        name = message.qname or b""
        reply = replies.read(message, ZONE, name, message.qtype, recursive=recursive)
        return repr(reply).replace("[]", "()")

    short = read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replies, "_plain", lambda *_: None)
        assert read() == short


def test_a_plain_reply_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(replies, "_follow")
    answer = [Record(NAME, c.A, c.IN, 5, b"\1\2\3\4"), Record(NAME, c.RRSIG, c.IN, 5, SIGNATURE)]
    message = Message(1, c.QR | c.AA, NAME, c.A, c.IN, answer)
    reply = replies.read(message, ZONE, NAME, c.A, recursive=False)
    assert list(reply.links[0].signatures) == [SIGNATURE]
