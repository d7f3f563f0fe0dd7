"""Names that are not for the public tree: RFC 6761 and its registry, RFC 6303 and its own.

The latter has RFC 7793's zones too; of the former here are RFC 7686, RFC 8375, RFC 9462, RFC 9476
and RFC 9665.
"""

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import ancestor, ancestors, from_text
from firstbyte.resolver.machine.values import Question, Response, Security

TTL_S = 10800
_LOCALHOST = from_text("localhost.")
_LOOPBACK_NAMES = {
    from_text("1.0.0.127.in-addr.arpa."),
    from_text("1." + "0." * 31 + "ip6.arpa."),
}
_NO_SUCH = {
    from_text(text)
    for text in (
        "invalid.",
        "test.",
        "onion.",
        "local.",
        "alt.",
        "127.in-addr.arpa.",
        "0.in-addr.arpa.",
        "10.in-addr.arpa.",
        "168.192.in-addr.arpa.",
        "254.169.in-addr.arpa.",
        "255.255.255.255.in-addr.arpa.",
        "2.0.192.in-addr.arpa.",
        "100.51.198.in-addr.arpa.",
        "113.0.203.in-addr.arpa.",
        *(f"{second}.172.in-addr.arpa." for second in range(16, 32)),
        *(f"{second}.100.in-addr.arpa." for second in range(64, 128)),
        "home.arpa.",
        "resolver.arpa.",
        "service.arpa.",
        "0." * 32 + "ip6.arpa.",
        "1." + "0." * 31 + "ip6.arpa.",
        "d.f.ip6.arpa.",
        "8.e.f.ip6.arpa.",
        "9.e.f.ip6.arpa.",
        "a.e.f.ip6.arpa.",
        "b.e.f.ip6.arpa.",
        "8.b.d.0.1.0.0.2.ip6.arpa.",
    )
}
_TOPS = tuple({ancestor(name, 1) for name in {_LOCALHOST, *_NO_SUCH}})
_ARPA = from_text("arpa.")
NAMES_OF_PRIVATE_ROOTS = frozenset({from_text("test."), from_text("local.")})
"""What a private root may hold, though the public one never does (RFC 6761, 6.2)."""
_SOA = (
    from_text("localhost.")
    + from_text("nobody.invalid.")
    + b"".join(number.to_bytes(4, "big") for number in (1, 3600, 1200, 604800, TTL_S))
)


def answer(question: Question, configured: set[bytes]) -> Response | None:
    """The local answer, or None for names of the public tree.

    Zones that the configuration names (stubs, forwarders, anchors) are never answered here.
    So are ``NAMES_OF_PRIVATE_ROOTS`` where the root is not the public one.
    """
    if not question.name.endswith(_TOPS):
        return None
    above = ancestors(question.name)
    zone = next((name for name in above if name == _LOCALHOST or name in _NO_SUCH), None)
    if question.name in _LOOPBACK_NAMES:
        zone = question.name
    if zone is None or any(name in configured for name in above if len(name) > 1):
        return None
    if question.rdtype == dns.DS and question.name == zone and zone.endswith(_ARPA):
        return None  # validators behind us need the parent's proof that there is none (RFC 8375, 4)
    if question.name in _LOOPBACK_NAMES or zone == _LOCALHOST:
        return _localhost(question, zone)
    rcode = dns.NOERROR if question.name == zone else dns.NXDOMAIN
    return _negative(rcode, zone)


def _localhost(question: Question, zone: bytes) -> Response:
    data = {dns.A: b"\x7f\0\0\x01", dns.AAAA: b"\0" * 15 + b"\x01"}
    if zone != _LOCALHOST:
        data = {dns.PTR: _LOCALHOST}
    found = data.get(question.rdtype)
    if found is None:
        return _negative(dns.NOERROR, zone)
    rrset = RRset(question.name, question.rdtype, TTL_S, [found])
    return Response(dns.NOERROR, [rrset], security=Security.INSECURE, ttl_s=TTL_S)


def _negative(rcode: int, zone: bytes) -> Response:
    soa = RRset(zone, dns.SOA, TTL_S, [_SOA])
    return Response(rcode, authority=[soa], security=Security.INSECURE, ttl_s=TTL_S)
