"""DNS messages and names, and what the stub makes of an answer."""

import dns.edns
import dns.message
import dns.rrset

from firstbyte.errors import DecodeError, UrlError, UsageError
from firstbyte.protocols.dns import names
from firstbyte.protocols.dns.dissect import dissect
from firstbyte.protocols.dns.message import Message
from firstbyte.protocols.dns.octets import from_text, unwrapped
from firstbyte.protocols.dns.tsig import Chain, Fault, key_from_text
from firstbyte.protocols.dns.walker import decode
from firstbyte.resolver.daemon import replies
from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.machine.replies import read
from firstbyte.resolver.machine.values import Ask, Response
from firstbyte.resolver.message import Query, make_query, read_reply
from firstbyte.resolver.names import parse_host
from firstbyte.resolver.transports.doh_framing import Http1Framing, Http2Framing, parse_endpoint
from firstbyte.resolver.transports.framing import LengthFraming, Unfit, frame
from firstbyte.resolver.upstream.cookies import CookieJar
from firstbyte.resolver.upstream.queries import Exchange
from firstbyte.server.dns.answers import Client, Manners, answer
from firstbyte.server.dns.signed import opened
from firstbyte.server.dns.transfer import messages
from firstbyte.server.dns.zone_set import ZoneSet
from firstbyte.server.dns.zonefile import parse_zone
from fuzz.target import Target, text, texts

_RECORDS = {
    "A": "192.0.2.1",
    "AAAA": "2001:db8::1",
    "HTTPS": '1 . alpn="h3,h2" ipv4hint=192.0.2.1 ipv6hint=2001:db8::1 port=8443',
    "MX": "10 mail.site.test.",
    "SOA": "ns.site.test. admin.site.test. 1 2 3 4 5",
    "TXT": '"hello" "world"',
    "SRV": "1 2 443 a.site.test.",
    "CAA": '0 issue "ca.test"',
    "DS": "1 13 2 " + "ab" * 32,
    "NSEC": "z.site.test. A AAAA RRSIG",
}
_QUERIES = {type_: make_query("site.test", type_, id_=4242) for type_ in _RECORDS}


def _answer(type_: str) -> bytes:
    question = dns.message.from_wire(_QUERIES[type_].wire)
    answer = dns.message.make_response(question, recursion_available=True)
    if type_ == "AAAA":
        answer.answer.append(dns.rrset.from_text("site.test.", 60, "IN", "CNAME", "w.site.test."))
    owner = "w.site.test." if type_ == "AAAA" else "site.test."
    answer.answer.append(dns.rrset.from_text(owner, 60, "IN", type_, _RECORDS[type_]))
    return answer.to_wire()


_ZONE = (
    "@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\na 60 A 192.0.2.1\n*.w 60 TXT x\nc 60 NS a\nd 60 DNAME e\n"
)
_ZONES = ZoneSet([parse_zone(_ZONE, "site.test.", "fuzz")])


def _asked() -> tuple[bytes, ...]:
    """Transfers, and questions with every option that the server answers."""
    transfer = dns.message.make_query("site.test", "IXFR")
    transfer.authority = [dns.rrset.from_text("site.test.", 0, "IN", "SOA", ". . 1 0 0 0 0")]
    optional = dns.message.make_query("a.site.test", "A", want_dnssec=True)
    options = (3, b""), (8, b"\0\1\x18\0\xc0\0\2"), (10, bytes(8)), (11, b"")
    optional.use_edns(0, options=[dns.edns.GenericOption(*option) for option in options])
    return transfer.to_wire(), optional.to_wire()


_ASKED = _asked()
ANSWERS = tuple(_answer(type_) for type_ in _RECORDS)


def _same_id(query: Query, data: bytes) -> bytes:
    """Past the checks that drop strays: the id and the question as asked."""
    size = len(query.wire) - 11 if len(query.wire) > 11 else len(query.wire)
    return query.wire[:2] + data[2:12] + query.wire[12:size] + data[size:]


def _read(data: bytes) -> None:
    for query in _QUERIES.values():
        read_reply(query, data)
        read_reply(query, _same_id(query, data))


def _names(data: bytes) -> None:
    wire = names.from_text(text(data))
    assert names.from_text(names.to_text(wire)) == wire


def _dissect(data: bytes) -> None:
    """Every octet belongs to one field, or lies behind the end."""
    at = 0
    for field in dissect(data):
        if field.size and not field.mask:
            assert field.at == at
            at += field.size


def _octets(data: bytes) -> None:
    message, before = unwrapped(from_text(text(data)))
    assert message or not before


def _served(data: bytes) -> None:
    """The authoritative server, whoever asks; a transfer, too."""
    manners = Manners(cookie_secret=bytes(16), client_subnet=True, nsid=b"lab")
    for transport in ("udp", "tcp"):
        client = Client("127.0.0.1", transport)
        for sent in messages(data, client, _ZONES, 0, manners) or ():
            decode(sent)
        reply = answer(data, client, _ZONES, 0, manners)
        if reply is not None:
            decode(reply)


_KEY = key_from_text("k.test:" + "c2VjcmV0" * 4)
_SIGNED = Chain(_KEY).sign(_QUERIES["A"].wire, 1.8e9)
_ANSWERED = Chain(_KEY, bytes(32)).sign(ANSWERS[0], 1.8e9)


def _tsig(data: bytes) -> None:
    """A server with a key, and a client that waits for an answer to what it signed."""
    manners = Manners(keys=(_KEY,))
    asked = opened(data, Client("127.0.0.1"), manners, 1.8e9)
    assert isinstance(asked.refused or asked.query, bytes)
    Chain(_KEY, bytes(32)).check(data, 1.8e9)


def _doh(data: bytes) -> None:
    endpoint = parse_endpoint("https://dns.test/dns-query")
    for framing in (Http1Framing(endpoint), Http2Framing(endpoint), LengthFraming()):
        framing.submit(ANSWERS[0])
        framing.outgoing()
        try:
            framing.receive(data)
        except Unfit:
            continue
        framing.outgoing()


def _client(data: bytes) -> None:
    """A question to the resolver daemon, and an answer on its terms."""
    for channel in (Channel.UDP, Channel.TLS):
        asked = replies.read(data, channel)
        if isinstance(asked, replies.Asked):
            response = Response(asked.refusal or 0, errors=asked.errors)
            decode(replies.reply(asked, response, replies.Manners(), asked.terms.cookie).data)


def _upstream(data: bytes) -> None:
    """An answer to a question of the resolver's, as it came and past the checks of strays."""
    for rdtype in (1, 2, 5, 6, 43):
        ask = Ask(1, ("192.0.2.1", 53), _ZONE_NAME, _NAME, rdtype, False, True, False, True, 1.0, 1)
        exchange = Exchange(ask, 1232, CookieJar(), bytes)
        size = len(_NAME) + 16
        for answer_ in (
            data,
            exchange.data[:2] + data[2:12] + exchange.data[12:size] + data[size:],
        ):
            message = exchange.read(answer_)
            if isinstance(message, Message):
                read(message, _ZONE_NAME, _NAME, rdtype, recursive=False)


_NAME, _ZONE_NAME = names.from_text("site.test."), names.from_text("test.")
TARGETS = (
    Target("dns.decode", ANSWERS, decode, (DecodeError,)),
    Target("dns.read_reply", ANSWERS, _read),
    Target("dns.dissect", ANSWERS, _dissect),
    Target(
        "dns.octets",
        texts(
            "00010203", "AAABAAABAAAAAAAAA3d3dwAAAQAB", "00000000: 1a2b 0100  .+..", "0x1, \\x02"
        ),
        _octets,
        (UsageError,),
    ),
    Target("dns.tsig", (_SIGNED, _ANSWERED, *ANSWERS[:2]), _tsig, (DecodeError, Fault)),
    Target("dns.served", tuple(query.wire for query in _QUERIES.values()) + _ASKED, _served),
    Target("dns.client", tuple(query.wire for query in _QUERIES.values()) + _ASKED, _client),
    Target("dns.upstream", ANSWERS, _upstream),
    Target("dns.names", texts("www.site.test.", r"a\.b\255.test", "."), _names, (DecodeError,)),
    Target(
        "dns.parse_host",
        texts(
            "bücher.example", "xn--bcher-kva.example", "a.b.", "fe80::1%eth0", "1.2.3.4", "0x7f.1"
        ),
        lambda data: parse_host(text(data)),
        (UrlError,),
    ),
    Target(
        "dns.framing",
        (
            frame(ANSWERS[0]) + frame(ANSWERS[1]),
            b"HTTP/1.1 200\r\ncontent-type: application/dns-message\r\ncontent-length: 2\r\n\r\nab",
            b"\0\0\0\4\0\0\0\0\0\0\0\4\1\0\0\0\0",
        ),
        _doh,
    ),
)
