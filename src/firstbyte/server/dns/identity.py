"""Questions of class CHAOS: which server this is, and what it runs (RFC 4892)."""

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import from_text
from firstbyte.server.dns.lookup import Found

VERSION = b"firstbyte"
_ID_NAMES = frozenset(map(from_text, ("id.server.", "hostname.bind.")))
_VERSION_NAMES = frozenset(map(from_text, ("version.server.", "version.bind.")))


def lookup(name: bytes, rdtype: int, nsid: bytes) -> Found:
    """The answer for key ``name`` in class CHAOS; ``nsid`` is the server's name, empty for none."""
    if name in _VERSION_NAMES:
        text = VERSION
    elif name in _ID_NAMES and nsid:
        text = nsid
    else:
        return Found(dns.REFUSED, authoritative=False)
    if rdtype not in (dns.TXT, dns.ANY):
        return Found()
    return Found(answer=[RRset(name, dns.TXT, 0, [bytes((len(text[:255]),)) + text[:255]])])
