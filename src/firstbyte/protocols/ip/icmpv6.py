"""ICMPv6 (RFC 4443). Neighbour discovery's bodies are read by :mod:`firstbyte.protocols.ip.ndp`."""

import struct

from msgspec import Struct

from firstbyte.protocols.checksum import Bytes, checksum, verifies
from firstbyte.protocols.problem import Problems

UNREACHABLE, PACKET_TOO_BIG, TIME_EXCEEDED, PARAMETER_PROBLEM, ECHO, ECHO_REPLY = (
    1,
    2,
    3,
    4,
    128,
    129,
)
ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT = 133, 134
NEIGHBOR_SOLICITATION, NEIGHBOR_ADVERTISEMENT, REDIRECT = 135, 136, 137

NO_ROUTE, ADMIN_PROHIBITED, ADDRESS_UNREACHABLE, PORT_UNREACHABLE = 0, 1, 3, 4

NAMES = {
    (UNREACHABLE, 0): "no route to destination",
    (UNREACHABLE, 1): "administratively prohibited",
    (UNREACHABLE, 2): "beyond scope of source address",
    (UNREACHABLE, 3): "address unreachable",
    (UNREACHABLE, 4): "port unreachable",
    (UNREACHABLE, 5): "source address failed policy",
    (UNREACHABLE, 6): "reject route to destination",
    (PACKET_TOO_BIG, 0): "packet too big",
    (TIME_EXCEEDED, 0): "hop limit exceeded in transit",
    (TIME_EXCEEDED, 1): "fragment reassembly time exceeded",
    (PARAMETER_PROBLEM, 0): "erroneous header field",
    (PARAMETER_PROBLEM, 1): "unrecognized next header",
    (PARAMETER_PROBLEM, 2): "unrecognized IPv6 option",
    (ECHO, 0): "echo request",
    (ECHO_REPLY, 0): "echo reply",
    (ROUTER_SOLICITATION, 0): "router solicitation",
    (ROUTER_ADVERTISEMENT, 0): "router advertisement",
    (NEIGHBOR_SOLICITATION, 0): "neighbor solicitation",
    (NEIGHBOR_ADVERTISEMENT, 0): "neighbor advertisement",
    (REDIRECT, 0): "redirect",
}

HEADER_BYTES = 8
RFC = "RFC 4443, 2.1"
_HEADER = struct.Struct("!BBHI")


class Icmpv6(Struct, gc=False):
    """One message. ``argument`` is the header's second word, whose meaning depends on ``type``.

    For echoes it is identifier and sequence, for "packet too big" the MTU, for a parameter
    problem the pointer. ``body`` is the rest: an echo's data, an error's quoted packet, or
    neighbour discovery's addresses and options.
    """

    type: int
    code: int
    argument: int = 0
    body: bytes = b""

    @property
    def name(self) -> str:
        """What it says in words: "packet too big"."""
        return NAMES.get((self.type, self.code), f"type {self.type} code {self.code}")

    @property
    def is_error(self) -> bool:
        """Errors have the high bit clear (RFC 4443, section 2.1)."""
        return self.type < 128 or self.type == REDIRECT

    @property
    def identifier(self) -> int:
        """An echo's identifier."""
        return self.argument >> 16

    @property
    def sequence(self) -> int:
        """An echo's sequence number."""
        return self.argument & 0xFFFF

    @property
    def mtu(self) -> int | None:
        """The MTU in bytes that a "packet too big" tells."""
        return self.argument if self.type == PACKET_TOO_BIG else None

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return HEADER_BYTES + len(self.body)


def echo(identifier: int, sequence: int, data: bytes, *, reply: bool = False) -> Icmpv6:
    """An echo request, or its reply."""
    kind = ECHO_REPLY if reply else ECHO
    return Icmpv6(kind, 0, identifier << 16 | sequence, data)


def encode_icmpv6(message: Icmpv6, pseudo_sum: int) -> bytes:
    """The bytes with a good checksum; ``pseudo_sum`` is the pseudo-header's word sum."""
    head = _HEADER.pack(message.type, message.code, 0, message.argument)
    value = checksum(head + message.body, pseudo_sum)
    return _HEADER.pack(message.type, message.code, value, message.argument) + message.body


def decode_icmpv6(data: Bytes, problems: Problems, pseudo_sum: int | None) -> Icmpv6 | None:
    """Read a message tolerantly; ``None`` when the header is incomplete."""
    if len(data) < HEADER_BYTES:
        problems.add(0, "ICMPv6 header", "8 bytes", f"{len(data)} bytes", RFC)
        return None
    kind, code, found, argument = _HEADER.unpack_from(data)
    if pseudo_sum is not None and not verifies(data, pseudo_sum):
        problems.add(2, "ICMPv6 checksum", "a sum of all ones", f"0x{found:04x}", RFC)
    return Icmpv6(kind, code, argument, bytes(data[HEADER_BYTES:]))
