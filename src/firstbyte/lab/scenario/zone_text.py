"""A scenario's zones: lines of a zone file, to which what every zone needs is added."""

from collections.abc import Iterable

from firstbyte.lab.naming import TIMES_S, TTL_S, Server
from firstbyte.server.dns.zone import Zone
from firstbyte.server.dns.zonefile import parse_zone


def read_zone(origin: str, server: Server, lines: Iterable[str]) -> Zone:
    """The zone ``origin`` with one server, whose addresses are told in it.

    Raises:
        UsageError: a line breaks the format.

    """
    times = " ".join(map(str, TIMES_S))
    text = [
        f"$ORIGIN {origin}",
        f"$TTL {TTL_S}",
        f"{origin} IN SOA {server.name} hostmaster.{server.name} 1 {times}",
        f"{origin} IN NS {server.name}",
        *(f"{server.name} IN {_type(address)} {address}" for address in server.addresses),
        *lines,
    ]
    return parse_zone("\n".join(text) + "\n", origin, f"zone {origin}")


def _type(address: str) -> str:
    return "AAAA" if ":" in address else "A"
