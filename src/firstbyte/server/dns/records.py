"""Records made of values, not of a zone file's text: their data as it stands on the wire.

For zones that programs make. Reading them from text would load dnspython, which costs more than
all of these zones.
"""

import struct
from collections.abc import Sequence
from ipaddress import ip_address

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Record
from firstbyte.protocols.dns.names import ROOT, from_text

ALPN = 1
"""RFC 9460, 14.3.2."""
_TIMES = struct.Struct("!5I")


def address(owner: str, where: str, ttl_s: int) -> Record:
    """A or AAAA (RFC 1035, 3.4.1; RFC 3596, 2.2)."""
    packed = ip_address(where).packed
    return _record(owner, dns.A if len(packed) == 4 else dns.AAAA, packed, ttl_s)


def name_server(zone: str, server: str, ttl_s: int) -> Record:
    """NS (RFC 1035, 3.3.11)."""
    return _record(zone, dns.NS, from_text(server), ttl_s)


def pointer(owner: str, name: str, ttl_s: int) -> Record:
    """PTR (RFC 1035, 3.3.12)."""
    return _record(owner, dns.PTR, from_text(name), ttl_s)


def authority(zone: str, server: str, times: tuple[int, int, int, int], ttl_s: int) -> Record:
    """SOA, with serial number 1 (RFC 1035, 3.3.13).

    ``times``: refresh, retry, expire and the negative TTL, in seconds.
    """
    names = from_text(server) + from_text(f"hostmaster.{server}")
    return _record(zone, dns.SOA, names + _TIMES.pack(1, *times), ttl_s)


def https(owner: str, alpn: Sequence[str], ttl_s: int) -> Record:
    """HTTPS: the owner itself speaks these protocols (RFC 9460, 2.2 and 7.1.1)."""
    offered = b"".join(bytes((len(word),)) + word.encode() for word in alpn)
    data = struct.pack("!H", 1) + ROOT + struct.pack("!HH", ALPN, len(offered)) + offered
    return _record(owner, dns.HTTPS, data, ttl_s)


def _record(owner: str, rdtype: int, data: bytes, ttl_s: int) -> Record:
    return Record(from_text(owner).lower(), rdtype, dns.IN, ttl_s, data)
