"""IPv6 addresses for names that have only IPv4 ones (RFC 6147), and their reverse names."""

from ipaddress import IPv6Network

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import Question, Response, Security

EXCLUDED = b"\0" * 10 + b"\xff\xff"
"""IPv4-mapped addresses count as none at all (RFC 6147, 5.1.4)."""


def applies(settings: Settings, question: Question, response: Response) -> bool:
    """Whether AAAA records are to be made: the name exists, and has none (RFC 6147, 5.1)."""
    if settings.dns64_prefix is None or question.rdtype != dns.AAAA:
        return False
    if question.checking_disabled or response.rcode not in (dns.NOERROR, dns.SERVFAIL):
        return False
    if response.security is Security.BOGUS:
        return False
    return not any(
        rrset.rdtype == dns.AAAA and any(not r.startswith(EXCLUDED) for r in rrset.rdatas)
        for rrset in response.answer
    )


def synthesised(settings: Settings, found: Response) -> Response | None:
    """``found``, an answer for A, as an answer for AAAA; None where it holds no address."""
    prefix = settings.dns64_prefix
    if prefix is None or found.rcode != dns.NOERROR:
        return None
    if not any(rrset.rdtype == dns.A for rrset in found.answer):
        return None
    answer = [_converted(rrset, prefix) for rrset in found.answer]
    return Response(dns.NOERROR, answer, security=Security.INSECURE, ttl_s=found.ttl_s)


def _converted(rrset: RRset, prefix: IPv6Network) -> RRset:
    if rrset.rdtype != dns.A:
        return rrset
    rdatas = [embed(prefix, rdata) for rdata in rrset.rdatas]
    return RRset(rrset.key, dns.AAAA, rrset.ttl_s, rdatas)


def embed(prefix: IPv6Network, address: bytes) -> bytes:
    """The IPv6 address with ``address`` in it (RFC 6052, 2.2): octet 8 stays zero."""
    start = prefix.prefixlen // 8
    out = bytearray(prefix.network_address.packed)
    at = start
    for octet in address:
        if at == 8:
            at += 1
        out[at] = octet
        at += 1
    return bytes(out)
