"""DNS messages and names, and what the stub makes of an answer."""

import dns.message
import dns.rrset

from firstbyte.errors import DecodeError, UrlError
from firstbyte.protocols.dns import names
from firstbyte.protocols.dns.walker import decode
from firstbyte.resolver.message import Query, make_query, read_reply
from firstbyte.resolver.names import parse_host
from firstbyte.resolver.transports.doh_framing import Http1Framing, Http2Framing, parse_endpoint
from firstbyte.resolver.transports.framing import LengthFraming, Unfit, frame
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


TARGETS = (
    Target("dns.decode", ANSWERS, decode, (DecodeError,)),
    Target("dns.read_reply", ANSWERS, _read),
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
