"""Private addresses in public answers: a web page's way to a local network (DNS rebinding)."""

from ipaddress import ip_network

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import ancestors
from firstbyte.resolver.machine.settings import Hardening
from firstbyte.resolver.machine.values import Ede, Error, Response, Security

_NETWORKS = [
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::/128",
        "::1/128",
        "::ffff:0:0/96",
        "fc00::/7",
        "fe80::/10",
    )
]
_PLACES = [
    (net.version, int(net.network_address) >> (net.max_prefixlen - net.prefixlen), net)
    for net in _NETWORKS
]


def cleaned(response: Response, harden: Hardening) -> Response:
    """``response`` without private addresses, but for names below ``private_domains``."""
    if not harden.private_addresses:
        return response
    kept = [_public(rrset, harden.private_domains) for rrset in response.answer]
    if all(new is old for new, old in zip(kept, response.answer, strict=True)):
        return response
    response.answer = [rrset for rrset in kept if rrset is not None]
    response.security = Security.INSECURE
    response.errors.append(Error(Ede.BLOCKED, "private addresses were taken out"))
    return response


def _public(rrset: RRset, allowed: frozenset[bytes]) -> RRset | None:
    if rrset.rdtype not in (dns.A, dns.AAAA):
        return rrset
    if any(name in allowed for name in ancestors(rrset.key)):
        return rrset
    rdatas = [rdata for rdata in rrset.rdatas if not is_private(rdata)]
    if len(rdatas) == len(rrset.rdatas):
        return rrset
    return RRset(rrset.key, rrset.rdtype, rrset.ttl_s, rdatas) if rdatas else None


def is_private(packed: bytes) -> bool:
    """Whether an address, as in its record, is not a public one."""
    version = 4 if len(packed) == 4 else 6
    number = int.from_bytes(packed, "big")
    return any(
        version == kind and number >> (net.max_prefixlen - net.prefixlen) == prefix
        for kind, prefix, net in _PLACES
    )
