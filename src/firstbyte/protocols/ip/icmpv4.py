"""ICMP for IPv4 (RFC 792), with next-hop MTU (RFC 1191)."""

import struct

from msgspec import Struct

from firstbyte.protocols.checksum import Bytes, checksum, verifies
from firstbyte.protocols.problem import Problems

ECHO_REPLY, UNREACHABLE, REDIRECT, ECHO, TIME_EXCEEDED, PARAMETER_PROBLEM = 0, 3, 5, 8, 11, 12
ERRORS = frozenset({UNREACHABLE, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM, 4})

NET_UNREACHABLE, HOST_UNREACHABLE, PROTOCOL_UNREACHABLE, PORT_UNREACHABLE = 0, 1, 2, 3
FRAGMENTATION_NEEDED, ADMIN_PROHIBITED = 4, 13

NAMES = {
    (ECHO_REPLY, 0): "echo reply",
    (UNREACHABLE, 0): "net unreachable",
    (UNREACHABLE, 1): "host unreachable",
    (UNREACHABLE, 2): "protocol unreachable",
    (UNREACHABLE, 3): "port unreachable",
    (UNREACHABLE, 4): "fragmentation needed",
    (UNREACHABLE, 5): "source route failed",
    (UNREACHABLE, 9): "net administratively prohibited",
    (UNREACHABLE, 10): "host administratively prohibited",
    (UNREACHABLE, 13): "communication administratively prohibited",
    (REDIRECT, 0): "redirect for net",
    (REDIRECT, 1): "redirect for host",
    (ECHO, 0): "echo request",
    (TIME_EXCEEDED, 0): "TTL exceeded in transit",
    (TIME_EXCEEDED, 1): "fragment reassembly time exceeded",
    (PARAMETER_PROBLEM, 0): "parameter problem",
}

HEADER_BYTES = 8
RFC = "RFC 792"
_HEADER = struct.Struct("!BBHI")


class Icmpv4(Struct, gc=False):
    """One message. ``argument`` is the header's second word, whose meaning depends on ``type``.

    For echoes it is identifier and sequence (see :func:`echo`), for "fragmentation needed" the
    next hop's MTU, for a redirect the gateway. ``body`` is the rest: an echo's data, or the
    quoted start of the packet that an error is about.
    """

    type: int
    code: int
    argument: int = 0
    body: bytes = b""

    @property
    def name(self) -> str:
        """What it says in words: "port unreachable"."""
        return NAMES.get((self.type, self.code), f"type {self.type} code {self.code}")

    @property
    def is_error(self) -> bool:
        """An error quotes a packet, and is never answered by an error (RFC 1122, 3.2.2)."""
        return self.type in ERRORS

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
        """The next hop's MTU in bytes; null when this says none (RFC 1191, section 4)."""
        told = self.type == UNREACHABLE and self.code == FRAGMENTATION_NEEDED
        return (self.argument & 0xFFFF or None) if told else None

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return HEADER_BYTES + len(self.body)


def echo(identifier: int, sequence: int, data: bytes, *, reply: bool = False) -> Icmpv4:
    """An echo request, or its reply."""
    kind = ECHO_REPLY if reply else ECHO
    return Icmpv4(kind, 0, identifier << 16 | sequence, data)


def encode_icmpv4(message: Icmpv4) -> bytes:
    """The bytes with a good checksum."""
    head = _HEADER.pack(message.type, message.code, 0, message.argument)
    value = checksum(head + message.body)
    return _HEADER.pack(message.type, message.code, value, message.argument) + message.body


def decode_icmpv4(data: Bytes, problems: Problems, checksums: bool) -> Icmpv4 | None:
    """Read a message tolerantly; ``None`` when the header is incomplete."""
    if len(data) < HEADER_BYTES:
        problems.add(0, "ICMP header", "8 bytes", f"{len(data)} bytes", RFC)
        return None
    kind, code, found, argument = _HEADER.unpack_from(data)
    if checksums and not verifies(data):
        problems.add(2, "ICMP checksum", "a sum of all ones", f"0x{found:04x}", RFC)
    return Icmpv4(kind, code, argument, bytes(data[HEADER_BYTES:]))
