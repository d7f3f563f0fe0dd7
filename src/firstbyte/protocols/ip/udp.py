"""UDP datagrams (RFC 768; over IPv6 RFC 8200, section 8.1)."""

import struct

from msgspec import Struct

from firstbyte.protocols.checksum import Bytes, checksum, verifies
from firstbyte.protocols.problem import Problems

HEADER_BYTES = 8
RFC = "RFC 768"
_HEADER = struct.Struct("!HHHH")


class Datagram(Struct, gc=False):
    """One datagram: ports and payload. Length and checksum are the encoder's matter."""

    source_port: int
    destination_port: int
    payload: bytes = b""

    @property
    def size(self) -> int:
        """Bytes on the wire: header and payload."""
        return HEADER_BYTES + len(self.payload)


def encode_datagram(datagram: Datagram, pseudo_sum: int) -> bytes:
    """The bytes with a good checksum; a sum of zero is sent as all ones (RFC 768)."""
    length = datagram.size
    ports = datagram.source_port, datagram.destination_port
    head = _HEADER.pack(*ports, length, 0)
    value = checksum(head + datagram.payload, pseudo_sum) or 0xFFFF
    return _HEADER.pack(*ports, length, value) + datagram.payload


def decode_datagram(data: Bytes, problems: Problems, pseudo_sum: int | None) -> Datagram | None:
    """Read a datagram tolerantly; ``None`` when the header is incomplete.

    ``pseudo_sum`` is the pseudo-header's word sum, or ``None`` to leave the checksum unchecked.
    """
    if len(data) < HEADER_BYTES:
        problems.add(0, "UDP header", "8 bytes", f"{len(data)} bytes", RFC)
        return None
    source, destination, length, found = _HEADER.unpack_from(data)
    if not HEADER_BYTES <= length <= len(data):
        problems.add(4, "UDP length", f"8 to {len(data)}", length, RFC)
        length = len(data)
    _check(data[:length], found, pseudo_sum, problems)
    return Datagram(source, destination, bytes(data[HEADER_BYTES:length]))


def _check(data: Bytes, found: int, pseudo_sum: int | None, problems: Problems) -> None:
    """Zero means "not computed", which only IPv4 allows; the packet's decoder knows which it is."""
    if found and pseudo_sum is not None and not verifies(data, pseudo_sum):
        problems.add(6, "UDP checksum", "a sum of all ones", f"0x{found:04x}", RFC)
