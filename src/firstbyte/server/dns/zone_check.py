"""What is legal in a zone and yet a mistake: servers and hosts that lead nowhere."""

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.names import is_under, to_text, wildcard
from firstbyte.server.dns.lookup import hosts_of
from firstbyte.server.dns.zone import Zone

MAX_TOLD = 5
_KINDS = {dns.NS: "NS", dns.MX: "MX", dns.SRV: "SRV"}


def remarks(zone: Zone) -> list[str]:
    """What an operator should know of the zone; of many remarks the first ones."""
    found = []
    if dns.NS not in zone.nodes[zone.apex]:
        found.append(f"{to_text(zone.apex)} has no NS record (RFC 1034, 4.2.1)")
    for name, node in zone.nodes.items():
        if not zone.is_authoritative(name):
            continue
        for rdtype in _KINDS.keys() & node.keys():
            for host in hosts_of(node[rdtype]):
                why = _problem(zone, name, host, rdtype)
                if why:
                    found.append(f"{to_text(name)} {_KINDS[rdtype]} {to_text(host)} {why}")
    more = len(found) - MAX_TOLD
    return found if more < 2 else [*found[:MAX_TOLD], f"{more} more like these"]


def _problem(zone: Zone, owner: bytes, host: bytes, rdtype: int) -> str:
    if host == b"\0" or not is_under(host, zone.apex):
        return ""
    above = zone.interruption(host, dns.A)
    if above is not None and not (rdtype == dns.NS and above == owner):
        return ""  # another zone's, or below a DNAME
    node = zone.nodes.get(host)
    if node is None:
        node = zone.nodes.get(wildcard(zone.closest_encloser(host)), {})
    if dns.CNAME in node:
        return "is an alias (RFC 2181, 10.3)"
    return "" if dns.A in node or dns.AAAA in node else "has no address in the zone"
