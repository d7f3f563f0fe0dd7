"""From a client's octets to a question, and from a response to octets for that client."""

from dataclasses import dataclass

from msgspec.structs import replace

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import walker
from firstbyte.protocols.dns.message import Edns, Message, RRset
from firstbyte.protocols.dns.writer import Parts, Rendered, render
from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.daemon.cookies import is_well_formed
from firstbyte.resolver.daemon.identity import NOBODY, Identity
from firstbyte.resolver.machine.values import Ede, Error, Question, Response, Security

NSID_OPTION = 3
EDE_OPTION = 15
COOKIE_OPTION = 10
KEEPALIVE_OPTION = 11
PADDING_OPTION = 12
PADDED_BYTES = 468
"""Padded answers are multiples of this (RFC 8467, 4.1)."""
MAX_MESSAGE_BYTES = 65535
MIN_UDP_BYTES = 512
SECURITY_TYPES = frozenset({dns.RRSIG, dns.NSEC, dns.NSEC3})
TRANSFERS = frozenset({251, 252})


@dataclass(frozen=True, slots=True)
class Manners:
    """How the daemon speaks."""

    edns_bytes: int = 1232
    ede: bool = True
    minimal: bool = True
    idle_s: float = 10.0
    """How long a stream without questions stays open."""
    identity: Identity = NOBODY


class Asked:
    """A client's question, understood; or, with ``refusal``, why it is not resolved."""

    __slots__ = ("channel", "errors", "message", "question", "refusal", "udp")

    def __init__(self, message: Message, channel: Channel) -> None:
        self.message = message
        self.channel = channel
        self.udp = channel is Channel.UDP
        self.refusal: int | None = None
        self.errors: list[Error] = []
        name = (message.qname or b"\0").lower()
        flags = message.flags
        self.question = Question(name, message.qtype, bool(flags & dns.CD), bool(flags & dns.RD))
        self._refuse()

    def _refuse(self) -> None:
        message = self.message
        if message.opcode != 0:
            self.refusal = dns.NOTIMP
        elif self.cookie is not None and not is_well_formed(self.cookie):
            self.refusal = dns.FORMERR  # RFC 7873, 5.2.2
        elif message.question_count == 0 and self.cookie is not None:
            self.refusal = dns.NOERROR  # it wants a cookie, and nothing else (RFC 7873, 5.4)
        elif message.question_count != 1 or message.qname is None:
            self.refusal = dns.FORMERR
        elif message.edns is not None and message.edns.version > 0:
            self.refusal = dns.BADVERS
        elif message.qclass != dns.IN or message.qtype in TRANSFERS:
            self.refusal = dns.REFUSED
        elif message.qtype in dns.META_TYPES or message.qtype == 0:
            self.refusal = dns.NOTIMP if message.qtype else dns.FORMERR
        elif message.qtype == dns.NXNAME:
            self.refusal = dns.FORMERR
            self.errors = [Error(Ede.INVALID_QUERY_TYPE, "NXNAME cannot be asked for")]

    @property
    def dnssec_ok(self) -> bool:
        """Whether the client wants DNSSEC records (RFC 3225)."""
        return self.message.edns is not None and self.message.edns.dnssec_ok

    @property
    def cookie(self) -> bytes | None:
        """The DNS cookie that it sent (RFC 7873)."""
        edns = self.message.edns
        return None if edns is None else edns.option(COOKIE_OPTION)

    @property
    def wants_identity(self) -> bool:
        """Whether it wants to know which server answers (RFC 5001, 2.1)."""
        return self._has(NSID_OPTION)

    @property
    def wants_keepalive(self) -> bool:
        """Whether it is to be told how long its connection stays open (RFC 7828, 3.3.2)."""
        return self.channel.kept_open and self._has(KEEPALIVE_OPTION)

    @property
    def wants_padding(self) -> bool:
        """Whether the length of the answer is to tell less (RFC 7830, 4)."""
        return self.channel.encrypted and self._has(PADDING_OPTION)

    def _has(self, option: int) -> bool:
        edns = self.message.edns
        return edns is not None and edns.option(option) is not None

    @property
    def reads_compact_denials(self) -> bool:
        """Whether the client finds in NSEC records that a name is not there (RFC 9824, 5)."""
        edns = self.message.edns
        return edns is not None and edns.dnssec_ok and not edns.compact_ok

    @property
    def max_bytes(self) -> int:
        """How long an answer the client takes."""
        if not self.udp:
            return MAX_MESSAGE_BYTES
        edns = self.message.edns
        return MIN_UDP_BYTES if edns is None else max(MIN_UDP_BYTES, edns.payload_bytes)


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


def reply(asked: Asked, response: Response, manners: Manners, cookie: bytes | None) -> Rendered:
    """The response as this client wants it: with or without DNSSEC, as long as it may be."""
    message = asked.message
    parts = Parts(
        id=message.id,
        flags=_flags(asked, response),
        qname=message.qname,
        qtype=message.qtype,
        qclass=message.qclass,
        answer=_answer(asked, response),
        authority=_authority(asked, response),
        additional=_additional(asked, response, manners),
        edns=_edns(asked, response, manners, cookie),
        signatures=asked.dnssec_ok,
    )
    limit = asked.max_bytes
    if asked.udp:
        limit = min(limit, max(MIN_UDP_BYTES, manners.edns_bytes))
    rendered = render(parts, limit)
    return _padded(parts, len(rendered.data)) if asked.wants_padding else rendered


def _padded(parts: Parts, size_bytes: int) -> Rendered:
    """The same message, filled up (RFC 8467, 4.1)."""
    size_bytes += 4  # the option's own head
    fill = min(-size_bytes % PADDED_BYTES, MAX_MESSAGE_BYTES - size_bytes)
    if parts.edns is not None and fill >= 0:
        options = (*parts.edns.options, (PADDING_OPTION, bytes(fill)))
        parts.edns = replace(parts.edns, options=options)
    return render(parts, MAX_MESSAGE_BYTES)


def _flags(asked: Asked, response: Response) -> int:
    message = asked.message
    rcode = response.rcode & 15
    if response.compact and not asked.reads_compact_denials:
        rcode = dns.NXDOMAIN
    flags = dns.QR | dns.RA | message.flags & (dns.RD | dns.CD | 0x7800) | rcode
    # With CD the client judges for itself: it shall not depend on what the cache happens to know.
    wanted = (asked.dnssec_ok or message.flags & dns.AD) and not message.flags & dns.CD
    good = response.rcode in (dns.NOERROR, dns.NXDOMAIN)
    if response.security is Security.SECURE and wanted and good:
        flags |= dns.AD  # RFC 6840, 5.7 and 5.8
    return flags


def _answer(asked: Asked, response: Response) -> list[RRset]:
    if asked.question.rdtype == dns.ANY and asked.udp:
        return response.answer[:1]  # RFC 8482, 4.1
    return response.answer


def _authority(asked: Asked, response: Response) -> list[RRset]:
    kept = response.authority
    if not asked.dnssec_ok:
        kept = [rrset for rrset in kept if rrset.rdtype not in SECURITY_TYPES]
    return _unique(kept)


def _additional(asked: Asked, response: Response, manners: Manners) -> list[RRset]:
    if manners.minimal and asked.question.rdtype != dns.NS:
        return []  # who asks for servers, to prime for one (RFC 9609, 4), wants their addresses
    answered = {(rrset.key, rrset.rdtype) for rrset in response.answer}
    beside = [one for one in response.additional if (one.key, one.rdtype) not in answered]
    return _unique(beside)


def _unique(rrsets: list[RRset]) -> list[RRset]:
    if len(rrsets) < 2:
        return rrsets
    return list({(rrset.key, rrset.rdtype): rrset for rrset in rrsets}.values())


def _edns(asked: Asked, response: Response, manners: Manners, cookie: bytes | None) -> Edns | None:
    if asked.message.edns is None:
        return None
    options = []
    if cookie is not None:
        options.append((COOKIE_OPTION, cookie))
    if asked.wants_identity and manners.identity.nsid is not None:
        options.append((NSID_OPTION, manners.identity.nsid))
    if asked.wants_keepalive:
        tenths = min(int(manners.idle_s * 10), 0xFFFF)  # of a second (RFC 7828, 3.1)
        options.append((KEEPALIVE_OPTION, tenths.to_bytes(2, "big")))
    if manners.ede and response.errors:
        options += [
            (EDE_OPTION, int(error.code).to_bytes(2, "big") + error.text.encode()[:200])
            for error in _unique_codes(response.errors)
        ]
    return Edns(manners.edns_bytes, response.rcode >> 4, 0, asked.dnssec_ok, tuple(options))


def _unique_codes(errors: list[Error]) -> list[Error]:
    return list({error.code: error for error in reversed(errors)}.values())[::-1][:4]
