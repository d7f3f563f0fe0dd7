"""The list of types in NSEC and NSEC3 records (RFC 4034, 4.1.2)."""


def types(data: bytes) -> frozenset[int]:
    """The types in a bitmap; a broken tail counts for nothing."""
    found = set()
    at = 0
    while at + 2 <= len(data):
        window, length = data[at], data[at + 1]
        block = data[at + 2 : at + 2 + length]
        for index, octet in enumerate(block[:32]):
            found |= {window << 8 | index << 3 | bit for bit in range(8) if octet & 0x80 >> bit}
        at += 2 + length
    return frozenset(found)
