"""What a response becomes for a client that asked in a certain way."""

import dns.flags
import dns.message
import dns.rcode
import pytest

from firstbyte.protocols.dns import constants as c
from firstbyte.resolver.daemon import replies
from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.machine.values import Response, Security

FLAGS = [
    ({"want_dnssec": True}, 0, True),
    ({}, dns.flags.AD, True),
    ({}, 0, False),
    ({"want_dnssec": True}, dns.flags.CD, False),
    ({}, dns.flags.AD | dns.flags.CD, False),
]


def answered(response: Response, query: dns.message.Message) -> dns.message.Message:
    asked = replies.read(query.to_wire(), Channel.UDP)
    assert isinstance(asked, replies.Asked)
    return dns.message.from_wire(replies.reply(asked, response, replies.Manners(), None).data)


@pytest.mark.parametrize(("options", "flags", "expected"), FLAGS)
def test_who_is_told_that_data_are_authentic(options, flags, expected) -> None:
    query = dns.message.make_query("www.example.", "A", **options)
    query.flags |= flags
    response = answered(Response(c.NOERROR, security=Security.SECURE), query)
    assert bool(response.flags & dns.flags.AD) is expected


DO, CO = 0x8000, 0x4000


@pytest.mark.parametrize(
    ("flags", "rcode"),
    [(DO, "NOERROR"), (0, "NXDOMAIN"), (DO | CO, "NXDOMAIN"), (None, "NXDOMAIN")],
)
def test_a_compact_denial_is_told_to_those_who_read_no_proofs(flags, rcode) -> None:
    query = dns.message.make_query("no.example.", "A")
    if flags is not None:
        query.use_edns(0, flags)
    response = answered(Response(c.NOERROR, security=Security.SECURE, compact=True), query)
    assert dns.rcode.to_text(response.rcode()) == rcode
