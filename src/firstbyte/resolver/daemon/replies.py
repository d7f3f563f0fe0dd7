"""From a client's octets to a question, and from a response to octets for that client."""

from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import walker
from firstbyte.protocols.dns.message import Edns, Message, RRset
from firstbyte.protocols.dns.writer import Parts, Rendered, render
from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.daemon.cookies import is_well_formed
from firstbyte.resolver.daemon.identity import NOBODY, Identity
from firstbyte.resolver.daemon.terms import (
    COOKIE_OPTION,
    KEEPALIVE_OPTION,
    MAX_MESSAGE_BYTES,
    MIN_UDP_BYTES,
    NSID_OPTION,
    PADDING_OPTION,
    Terms,
    terms_of,
)
from firstbyte.resolver.machine.values import SECURE, Ede, Error, Question, Response

EDE_OPTION = 15
PADDED_BYTES = 468
"""Padded answers are multiples of this (RFC 8467, 4.1)."""
SECURITY_TYPES = frozenset({dns.RRSIG, dns.NSEC, dns.NSEC3})
_PROHIBITED = [Error(Ede.PROHIBITED, "this resolver does not serve your network")]
RA_OCTET = 3
"""Which octet of a message has the bit RA (RFC 1035, 4.1.1)."""


class Manners(Struct, frozen=True):
    """How the daemon speaks."""

    edns_bytes: int = 1232
    ede: bool = True
    minimal: bool = True
    idle_s: float = 10.0
    """How long a stream without questions stays open."""
    identity: Identity = NOBODY


class Asked:
    """A client's question, understood; or, with ``refusal``, why it is not resolved."""

    __slots__ = ("errors", "message", "question", "refusal", "terms")

    def __init__(self, message: Message, channel: Channel) -> None:
        self.message = message
        self.terms = terms = terms_of(message, channel)
        self.refusal: int | None = None
        self.errors: list[Error] = []
        name = (message.qname or b"\0").lower()
        self.question = Question(
            name, message.qtype, terms.checking_disabled, terms.recursion_desired
        )
        one = message.question_count == 1 and message.qclass == dns.IN
        if not (one and terms.acceptable and dns.A <= message.qtype < dns.OPT):
            self._refuse()

    def _refuse(self) -> None:
        message, terms = self.message, self.terms
        if message.opcode != 0:
            self.refusal = dns.NOTIMP
        elif terms.cookie is not None and not is_well_formed(terms.cookie):
            self.refusal = dns.FORMERR  # RFC 7873, 5.2.2
        elif message.question_count == 0 and terms.cookie is not None:
            self.refusal = dns.NOERROR  # it wants a cookie, and nothing else (RFC 7873, 5.4)
        elif message.question_count != 1 or message.qname is None:
            self.refusal = dns.FORMERR
        elif message.edns is not None and message.edns.version > 0:
            self.refusal = dns.BADVERS
        elif message.qclass != dns.IN or message.qtype in dns.TRANSFERS:
            self.refusal = dns.REFUSED
        elif message.qtype in dns.META_TYPES or message.qtype == 0:
            self.refusal = dns.NOTIMP if message.qtype else dns.FORMERR
        elif message.qtype == dns.NXNAME:
            self.refusal = dns.FORMERR
            self.errors = [Error(Ede.INVALID_QUERY_TYPE, "NXNAME cannot be asked for")]


def read(data: bytes, channel: Channel) -> Asked | bytes | None:
    """The question in ``data``; octets of a FORMERR where there is none; None: say nothing."""
    if len(data) < 12 or data[2] & 0x80:
        return None
    try:
        return Asked(walker.decode(data), channel)
    except DecodeError:
        opcode_and_rd = data[2] & 0x79
        return data[:2] + bytes((0x80 | opcode_and_rd, dns.FORMERR)) + bytes(8)


def refusal(asked: Asked, rcode: int, manners: Manners, cookie: bytes | None) -> Rendered:
    """The answer to what is not resolved: without records, but where it asks who we are."""
    response = manners.identity.answer(asked.message) if rcode == dns.REFUSED else None
    return reply(asked, response or Response(rcode, errors=asked.errors), manners, cookie)


def prohibited(asked: Asked, manners: Manners) -> bytes:
    """The answer to a client that is not served: for it, no recursion is available (RA)."""
    data = bytearray(reply(asked, Response(dns.REFUSED, errors=_PROHIBITED), manners, None).data)
    data[RA_OCTET] &= 0xFF ^ dns.RA
    return bytes(data)


def reply(asked: Asked, response: Response, manners: Manners, cookie: bytes | None) -> Rendered:
    """The response as this client wants it: with or without DNSSEC, as long as it may be."""
    message, terms = asked.message, asked.terms
    parts = Parts(
        message.id,
        _flags(terms, response),
        message.qname,
        message.qtype,
        message.qclass,
        _answer(asked, response),
        _authority(terms, response.authority) if response.authority else [],
        _additional(asked, response, manners) if response.additional else [],
        None if terms.edns is None else _edns(terms, response, manners, cookie),
        terms.dnssec_ok,
    )
    limit = terms.max_bytes
    if terms.udp:
        limit = min(limit, max(MIN_UDP_BYTES, manners.edns_bytes))
    rendered = render(parts, limit)
    return _padded(parts, len(rendered.data)) if terms.wants_padding else rendered


def _padded(parts: Parts, size_bytes: int) -> Rendered:
    """The same message, filled up (RFC 8467, 4.1)."""
    size_bytes += 4  # the option's own head
    fill = min(-size_bytes % PADDED_BYTES, MAX_MESSAGE_BYTES - size_bytes)
    if parts.edns is not None and fill >= 0:
        options = (*parts.edns.options, (PADDING_OPTION, bytes(fill)))
        parts.edns = replace(parts.edns, options=options)
    return render(parts, MAX_MESSAGE_BYTES)


def _flags(terms: Terms, response: Response) -> int:
    rcode = response.rcode & 15
    if response.compact and not terms.reads_compact_denials:
        rcode = dns.NXDOMAIN
    flags = dns.QR | dns.RA | terms.flags & (dns.RD | dns.CD | 0x7800) | rcode
    if response.security is not SECURE:
        return flags
    # also with CD (RFC 4035, 3.2.3), for which nothing is judged, but much was before
    wanted = terms.dnssec_ok or terms.flags & dns.AD
    if wanted and response.rcode in (dns.NOERROR, dns.NXDOMAIN):
        flags |= dns.AD  # RFC 6840, 5.7 and 5.8
    return flags


def _answer(asked: Asked, response: Response) -> list[RRset]:
    if asked.question.rdtype == dns.ANY and asked.terms.udp:
        return response.answer[:1]  # RFC 8482, 4.1
    return response.answer


def _authority(terms: Terms, rrsets: list[RRset]) -> list[RRset]:
    if not terms.dnssec_ok:
        rrsets = [rrset for rrset in rrsets if rrset.rdtype not in SECURITY_TYPES]
    return _unique(rrsets)


def _additional(asked: Asked, response: Response, manners: Manners) -> list[RRset]:
    if manners.minimal and response.answer and asked.question.rdtype != dns.NS:
        return []  # who asks for servers, to prime for one (RFC 9609, 4), wants their addresses
    answered = {(rrset.key, rrset.rdtype) for rrset in response.answer}
    beside = [one for one in response.additional if (one.key, one.rdtype) not in answered]
    return _unique(beside)


def _unique(rrsets: list[RRset]) -> list[RRset]:
    if len(rrsets) < 2:
        return rrsets
    return list({(rrset.key, rrset.rdtype): rrset for rrset in rrsets}.values())


def _edns(terms: Terms, response: Response, manners: Manners, cookie: bytes | None) -> Edns:
    high_rcode = response.rcode >> 4
    if cookie is None and not (terms.wants_options or response.errors):
        return _plain_edns(manners.edns_bytes, high_rcode, terms.dnssec_ok)
    options = []
    if cookie is not None:
        options.append((COOKIE_OPTION, cookie))
    if terms.wants_identity and manners.identity.nsid is not None:
        options.append((NSID_OPTION, manners.identity.nsid))
    if terms.wants_keepalive:
        tenths = min(int(manners.idle_s * 10), 0xFFFF)  # of a second (RFC 7828, 3.1)
        options.append((KEEPALIVE_OPTION, tenths.to_bytes(2, "big")))
    if manners.ede and response.errors:
        options += [
            (EDE_OPTION, int(error.code).to_bytes(2, "big") + error.text.encode()[:200])
            for error in _unique_codes(response.errors)
        ]
    return Edns(manners.edns_bytes, high_rcode, 0, terms.dnssec_ok, tuple(options))


@lru_cache(maxsize=64)
def _plain_edns(payload_bytes: int, high_rcode: int, dnssec_ok: bool) -> Edns:
    return Edns(payload_bytes, high_rcode, 0, dnssec_ok)


def _unique_codes(errors: list[Error]) -> list[Error]:
    return list({error.code: error for error in reversed(errors)}.values())[::-1][:4]
