"""IPv6 addresses for names that have only IPv4 ones (RFC 6147), and their reverse names."""

from ipaddress import IPv6Address, IPv6Network

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import from_text, labels
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import Question, Response, Security

_IP6_ARPA = from_text("ip6.arpa.")
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


def synthesised(settings: Settings, found: Response, negative: Response) -> Response | None:
    """``found``, an answer for A, as an answer for AAAA; None where it holds no address.

    It is as authentic as both it and ``negative``, which says that there is no AAAA (5.5).
    """
    prefix = settings.dns64_prefix
    if prefix is None or found.rcode != dns.NOERROR:
        return None
    if not any(rrset.rdtype == dns.A for rrset in found.answer):
        return None
    answer = [_converted(rrset, prefix) for rrset in found.answer]
    security = min(found.security, negative.security)
    return Response(dns.NOERROR, answer, security=security, ttl_s=found.ttl_s)


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


def reverse(settings: Settings, question: Question) -> Question | None:
    """For a reverse name inside the prefix, the question for the IPv4 address's (5.3.1)."""
    prefix = settings.dns64_prefix
    if prefix is None or question.rdtype != dns.PTR or not question.name.endswith(_IP6_ARPA):
        return None
    nibbles = b"".join(reversed(labels(question.name)[:-2]))
    try:
        address = bytes.fromhex(nibbles.decode("ascii"))
    except ValueError:
        return None
    if len(address) != 16 or IPv6Address(address) not in prefix:
        return None
    start = prefix.prefixlen // 8
    octets = [address[at] for at in range(start, 16) if at != 8][:4]
    text = ".".join(str(octet) for octet in reversed(octets))
    return Question(from_text(f"{text}.in-addr.arpa."), dns.PTR, question.checking_disabled)


def renamed(response: Response, old: bytes, new: bytes) -> Response:
    """``response`` as if its records stood at ``new``; nothing of it is secure any more."""
    response.answer = [
        RRset(new if rrset.key == old else rrset.key, rrset.rdtype, rrset.ttl_s, rrset.rdatas)
        for rrset in response.answer
    ]
    response.security = Security.INSECURE
    return response
