"""What ICMP for IPv4 (RFC 792) and ICMPv6 (RFC 4443) share: the header, the echo, the checksum."""

import struct
from typing import ClassVar, TypeVar

from msgspec import Struct

from firstbyte.protocols.checksum import Bytes, checksum, verifies
from firstbyte.protocols.problem import Problems

HEADER_BYTES = 8
_HEADER = struct.Struct("!BBHI")


class IcmpMessage(Struct, gc=False):
    """One message. ``argument`` is the header's second word, whose meaning depends on ``type``.

    ``body`` is the rest: an echo's data, or the quoted start of the packet that an error is about.
    """

    PROTOCOL: ClassVar[str]
    RFC: ClassVar[str]
    NAMES: ClassVar[dict[tuple[int, int], str]]

    type: int
    code: int
    argument: int = 0
    body: bytes = b""

    @property
    def name(self) -> str:
        """What it says in words: "port unreachable"."""
        return self.NAMES.get((self.type, self.code), f"type {self.type} code {self.code}")

    @property
    def identifier(self) -> int:
        """An echo's identifier."""
        return self.argument >> 16

    @property
    def sequence(self) -> int:
        """An echo's sequence number."""
        return self.argument & 0xFFFF

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return HEADER_BYTES + len(self.body)


Message = TypeVar("Message", bound=IcmpMessage)


def encode_icmp(message: IcmpMessage, pseudo_sum: int = 0) -> bytes:
    """The bytes with a good checksum; ``pseudo_sum`` is ICMPv6's pseudo-header's word sum."""
    head = _HEADER.pack(message.type, message.code, 0, message.argument)
    value = checksum(head + message.body, pseudo_sum)
    return _HEADER.pack(message.type, message.code, value, message.argument) + message.body


def decode_icmp(
    kind: type[Message], data: Bytes, problems: Problems, pseudo_sum: int | None
) -> Message | None:
    """Read a message tolerantly; ``None`` when the header is incomplete.

    Without a ``pseudo_sum`` the checksum is not looked at; for IPv4 it is 0.
    """
    if len(data) < HEADER_BYTES:
        problems.add(0, f"{kind.PROTOCOL} header", "8 bytes", f"{len(data)} bytes", kind.RFC)
        return None
    type_, code, found, argument = _HEADER.unpack_from(data)
    if pseudo_sum is not None and not verifies(data, pseudo_sum):
        field = f"{kind.PROTOCOL} checksum"
        problems.add(2, field, "a sum of all ones", f"0x{found:04x}", kind.RFC)
    return kind(type_, code, argument, bytes(data[HEADER_BYTES:]))
