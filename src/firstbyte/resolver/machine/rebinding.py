"""Private addresses in public answers: a web page's way to a local network (DNS rebinding)."""

from ipaddress import ip_network

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import ancestors
from firstbyte.protocols.dns.rdata import NAME, step_end
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
    addresses = _ADDRESSES.get(rrset.rdtype)
    if addresses is None:
        return rrset
    if any(name in allowed for name in ancestors(rrset.key)):
        return rrset
    rdatas = [rdata for rdata in rrset.rdatas if not any(map(is_private, addresses(rdata)))]
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


def _hints(rdata: bytes) -> list[bytes]:
    """The addresses in a SVCB or HTTPS record (RFC 9460, 2.2 and 7.3); broken ones have none."""
    found = []
    try:
        at = step_end(rdata, 2, NAME)
    except DecodeError:
        return []
    while at + 4 <= len(rdata):
        key, end = (
            int.from_bytes(rdata[at : at + 2]),
            at + 4 + int.from_bytes(rdata[at + 2 : at + 4]),
        )
        size = _HINT_BYTES.get(key, 0)
        if size:
            found += [rdata[start : start + size] for start in range(at + 4, end - size + 1, size)]
        at = end
    return [address for address in found if len(address) in (4, 16)]


def _itself(rdata: bytes) -> list[bytes]:
    return [rdata]


_HINT_BYTES = {4: 4, 6: 16}
"""The keys ipv4hint and ipv6hint, and the octets of one address (RFC 9460, 14.3.2)."""
_ADDRESSES = {dns.A: _itself, dns.AAAA: _itself, dns.SVCB: _hints, dns.HTTPS: _hints}
