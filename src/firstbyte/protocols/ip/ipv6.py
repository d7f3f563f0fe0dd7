"""IPv6 headers (RFC 8200, section 3) with their chain of extension headers."""

import struct

from msgspec import Struct

from firstbyte.errors import UsageError
from firstbyte.protocols.checksum import Bytes, word_sum
from firstbyte.protocols.ip.addresses import pack, unpack
from firstbyte.protocols.ip.extensions import (
    NUMBERS,
    Extension,
    Fragment,
    decode_extensions,
    encode_extension,
)
from firstbyte.protocols.problem import Problems

HEADER_BYTES = 40
RFC = "RFC 8200, 3"
_HEADER = struct.Struct("!IHBB16s16s")


class Ipv6(Struct, gc=False):
    """One header and its extensions. Addresses are text.

    ``protocol`` is that of the payload: the last next-header field of the chain. ``ttl`` is
    the hop limit, named as in IPv4 so that code for both reads the same.
    """

    source: str
    destination: str
    protocol: int
    ttl: int = 64
    dscp: int = 0
    ecn: int = 0
    flow_label: int = 0
    extensions: tuple[Extension, ...] = ()

    @property
    def version(self) -> int:
        """6."""
        return 6

    @property
    def size(self) -> int:
        """Bytes of the header with its extensions."""
        return HEADER_BYTES + sum(len(encode_extension(e, 0)) for e in self.extensions)

    @property
    def fragment(self) -> Fragment | None:
        """Its fragment header, if it has one."""
        return next((e for e in self.extensions if isinstance(e, Fragment)), None)

    @property
    def is_fragment(self) -> bool:
        """A piece of a packet; a lone "atomic" fragment is a whole one (RFC 6946)."""
        fragment = self.fragment
        return fragment is not None and (fragment.more or fragment.offset > 0)


def encode_ipv6(header: Ipv6, payload_bytes: int) -> bytes:
    """The bytes of header and extensions, for a payload of so many bytes."""
    chain = b""
    following = header.protocol
    for extension in reversed(header.extensions):
        chain = encode_extension(extension, following) + chain
        following = NUMBERS[type(extension)]
    length = len(chain) + payload_bytes
    if length > 0xFFFF:
        raise UsageError(f"an IPv6 payload of {length} bytes is over 65,535")
    first = 6 << 28 | header.dscp << 22 | header.ecn << 20 | header.flow_label
    addresses = pack(header.source), pack(header.destination)
    return _HEADER.pack(first, length, following, header.ttl, *addresses) + chain


def pseudo_sum(source: str, destination: str, protocol: int, length: int) -> int:
    """Word sum of the pseudo-header that transports checksum (RFC 8200, section 8.1)."""
    return word_sum(pack(source)) + word_sum(pack(destination)) + protocol + length


def decode_ipv6(data: Bytes, problems: Problems) -> tuple[Ipv6, int, int] | None:
    """Read a header tolerantly: (header, bytes with extensions, total length), or ``None``.

    The total is the header's claim: it may exceed what is there.
    """
    if len(data) < HEADER_BYTES:
        problems.add(0, "IPv6 header", "40 bytes", f"{len(data)} bytes", RFC)
        return None
    first, length, following, ttl, source, destination = _HEADER.unpack_from(data)
    total = HEADER_BYTES + length
    if total > len(data):
        problems.add(4, "payload length", f"at most {len(data) - HEADER_BYTES}", length, RFC)
    extensions, protocol, chain = decode_extensions(
        data[HEADER_BYTES:total], following, problems.within(HEADER_BYTES)
    )
    header = Ipv6(
        unpack(source),
        unpack(destination),
        protocol,
        ttl,
        first >> 22 & 0x3F,
        first >> 20 & 3,
        first & 0xFFFFF,
        extensions,
    )
    return header, HEADER_BYTES + chain, total
