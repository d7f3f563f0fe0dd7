"""What a response becomes for a client that asked in a certain way."""

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import pytest

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import names
from firstbyte.protocols.dns.message import RRset
from firstbyte.resolver.daemon import replies
from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.daemon.identity import Identity
from firstbyte.resolver.machine.values import Response, Security

FLAGS = [
    ({"want_dnssec": True}, 0, True),
    ({}, dns.flags.AD, True),
    ({}, 0, False),
    ({"want_dnssec": True}, dns.flags.CD, True),
    ({}, dns.flags.AD | dns.flags.CD, True),
    ({}, dns.flags.CD, False),
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


def test_what_nobody_judged_is_not_called_authentic() -> None:
    query = dns.message.make_query("www.example.", "A", want_dnssec=True)
    query.flags |= dns.flags.CD
    response = answered(Response(c.NOERROR, security=Security.UNCHECKED), query)
    assert not response.flags & dns.flags.AD


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


def refused(message: dns.message.Message, manners=None, cookie=None) -> dns.message.Message:
    asked = replies.read(message.to_wire(), Channel.UDP)
    assert isinstance(asked, replies.Asked)
    assert asked.refusal is not None
    rendered = replies.refusal(asked, asked.refusal, manners or replies.Manners(), cookie)
    return dns.message.from_wire(rendered.data)


def with_cookie(data: bytes, name: str = "www.example.") -> dns.message.Message:
    options = [dns.edns.GenericOption(dns.edns.OptionType.COOKIE, data)]
    return dns.message.make_query(name, "A", use_edns=0, options=options)


@pytest.mark.parametrize("size", [0, 7, 9, 15, 41])
def test_a_cookie_of_an_impossible_length_is_a_format_error(size) -> None:
    assert refused(with_cookie(bytes(size))).rcode() == dns.rcode.FORMERR


def test_a_cookie_may_be_asked_for_without_a_question() -> None:
    message = with_cookie(bytes(8))
    message.question = []
    answer = refused(message, cookie=bytes(24))
    assert answer.rcode() == dns.rcode.NOERROR
    assert [option.otype for option in answer.options] == [dns.edns.OptionType.COOKIE]
    message.use_edns(0)
    assert refused(message).rcode() == dns.rcode.FORMERR


CHAOS = [
    ("id.server.", "TXT", '"one"'),
    ("Hostname.BIND.", "TXT", '"one"'),
    ("version.bind.", "TXT", '"2.0"'),
    ("version.bind.", "A", None),
    ("authors.bind.", "TXT", None),
]


@pytest.mark.parametrize(("name", "rdtype", "text"), CHAOS)
def test_class_ch_tells_what_the_configuration_lets_it(name, rdtype, text) -> None:
    message = dns.message.make_query(name, rdtype, "CH")
    manners = replies.Manners(identity=Identity("one", "2.0"))
    answer = refused(message, manners)
    assert [str(rdata) for rrset in answer.answer for rdata in rrset] == ([text] if text else [])
    assert all(rrset.rdclass == dns.rdataclass.CH for rrset in answer.answer)
    assert answer.rcode() == (dns.rcode.NOERROR if text else dns.rcode.REFUSED)
    assert refused(message).rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize(("name", "expected"), [("one", b"one"), (None, None)])
def test_the_server_identifier_is_told_to_those_who_ask(name, expected) -> None:
    asking = dns.edns.GenericOption(dns.edns.OptionType.NSID, b"")
    query = dns.message.make_query("www.example.", "A", use_edns=0, options=[asking])
    asked = replies.read(query.to_wire(), Channel.UDP)
    manners = replies.Manners(identity=Identity(name))
    rendered = replies.reply(asked, Response(c.NOERROR), manners, None)
    told = [option.nsid for option in dns.message.from_wire(rendered.data).options]
    assert told == ([] if expected is None else [expected])


def test_no_recursion_is_available_to_a_client_that_is_not_served() -> None:
    """RA is about who asks (RFC 1035, 4.1.1), as BIND and Unbound have it."""
    query = dns.message.make_query("www.example.", "A")
    asked = replies.read(query.to_wire(), Channel.UDP)
    assert isinstance(asked, replies.Asked)
    answer = dns.message.from_wire(replies.prohibited(asked, replies.Manners()))
    assert answer.rcode() == dns.rcode.REFUSED
    assert not answer.flags & dns.flags.RA
    assert answered(Response(c.REFUSED), query).flags & dns.flags.RA


def test_a_referral_has_its_addresses_also_where_answers_are_minimal() -> None:
    ns, host = names.from_text("example."), names.from_text("ns.example.")
    referral = Response(
        c.NOERROR,
        authority=[RRset(ns, c.NS, 60, [host])],
        additional=[RRset(host, c.A, 60, [bytes([192, 0, 2, 1])])],
    )
    message = answered(referral, dns.message.make_query("www.example.", "A"))
    assert [str(rrset.name) for rrset in message.additional] == ["ns.example."]
