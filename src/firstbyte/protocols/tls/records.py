"""The record layer as it stands on the wire (RFC 8446, section 5)."""

from collections.abc import Iterator

from msgspec import Struct

from firstbyte.errors import DecodeError
from firstbyte.protocols.tls import names

HEADER_BYTES = 5
MAX_FRAGMENT_BYTES = 2**14 + 2048
"""TLS 1.2 allows 2,048 bytes of expansion, TLS 1.3 only 256 (RFC 5246, 6.2.3)."""

_REFERENCE = "RFC 8446, 5.1"


class Record(Struct, frozen=True):
    """One record. ``fragment`` is shorter than ``length`` when the bytes ended before it did."""

    content_type: int
    version: int
    length: int
    fragment: bytes

    @property
    def name(self) -> str:
        """The content type's name: "handshake"."""
        return names.name8(names.CONTENT_TYPES, self.content_type)

    @property
    def complete(self) -> bool:
        """Whether all of it is there."""
        return len(self.fragment) == self.length


def read_records(data: bytes) -> Iterator[Record]:
    """The records in ``data``, tolerantly: any header is taken, the last may be incomplete.

    A header that is cut itself ends the walk.
    """
    offset = 0
    while len(data) - offset >= HEADER_BYTES:
        length = int.from_bytes(data[offset + 3 : offset + 5], "big")
        start = offset + HEADER_BYTES
        yield Record(
            content_type=data[offset],
            version=int.from_bytes(data[offset + 1 : offset + 3], "big"),
            length=length,
            fragment=data[start : start + length],
        )
        offset = start + length


def check_header(header: bytes) -> None:
    """Check the first record header of a peer, as far as it came (1 to 5 bytes).

    Raises:
        DecodeError: no TLS implementation sends this.

    """
    if header and header[0] not in names.CONTENT_TYPES:
        found = f"{header[0]} ({header[:5]!r})"
        raise DecodeError(0, "content type", "20 to 26", found, _REFERENCE)
    if len(header) > 1 and header[1] != 3:
        raise DecodeError(1, "version", "3.x", f"{header[1]}", _REFERENCE)
    if len(header) >= HEADER_BYTES:
        length = int.from_bytes(header[3:5], "big")
        if length > MAX_FRAGMENT_BYTES:
            raise DecodeError(
                3, "length", f"at most {MAX_FRAGMENT_BYTES}", str(length), "RFC 5246, 6.2.3"
            )


def is_plain_text(data: bytes) -> bool:
    """Whether bytes that are no TLS look like a text protocol (HTTP, SMTP, SSH…)."""
    head = data[:16]
    return bool(head) and all(byte in b"\t\r\n" or 0x20 <= byte < 0x7F for byte in head)
