"""The type bit maps of NSEC and NSEC3 (RFC 4034, 4.1.2)."""

from collections.abc import Iterable


def encode(rdtypes: Iterable[int]) -> bytes:
    """The windows that say that these types exist."""
    windows: dict[int, bytearray] = {}
    for rdtype in rdtypes:
        window = windows.setdefault(rdtype >> 8, bytearray(32))
        window[(rdtype & 0xFF) >> 3] |= 0x80 >> (rdtype & 7)
    out = b""
    for number in sorted(windows):
        bits = bytes(windows[number]).rstrip(b"\0")
        out += bytes((number, len(bits))) + bits
    return out
