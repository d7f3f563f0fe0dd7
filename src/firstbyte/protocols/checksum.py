"""The Internet checksum (RFC 1071), by one big division instead of a loop over words.

The one's complement sum of 16-bit words is the number that the bytes spell, modulo 65,535:
every word sits at a power of 65,536, which is 1 modulo 65,535. Python divides big integers in C.
"""

Bytes = bytes | bytearray | memoryview


def word_sum(data: Bytes) -> int:
    """Sum of ``data`` as big-endian 16-bit words, unfolded: sums of parts may be added.

    Odd data is padded with a zero byte, so only the last part of a sum may be odd.
    """
    number = int.from_bytes(data, "big")
    return (number << 8 if len(data) & 1 else number) % 0xFFFF or (0xFFFF if number else 0)


def fold(total: int) -> int:
    """The checksum field for a sum of words: its one's complement in 16 bits."""
    if not total:
        return 0xFFFF
    return 0xFFFF - (total % 0xFFFF or 0xFFFF)


def checksum(data: Bytes, initial: int = 0) -> int:
    """The value to put in a zeroed checksum field. ``initial`` is a pseudo-header's word sum."""
    return fold(initial + word_sum(data))


def verifies(data: Bytes, initial: int = 0) -> bool:
    """Whether ``data``, its checksum field included, sums to all ones (RFC 1071, section 1)."""
    return (initial + word_sum(data)) % 0xFFFF == 0 and (initial != 0 or any(data))
