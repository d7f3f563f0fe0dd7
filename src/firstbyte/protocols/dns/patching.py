"""Changes to rendered messages without decoding them: the fast path of cached answers."""

import struct

_U32 = struct.Struct("!I")


def question_key(data: bytes) -> bytes:
    """All of a question but its ID: equal keys get equal answers."""
    return data[2:]


def with_id(data: bytes, source: bytes) -> bytes:
    """``data`` with the ID of the message ``source``."""
    return source[:2] + data[2:]


def aged(data: bytes, ttl_offsets: tuple[int, ...], age_s: int) -> bytes:
    """``data`` with each TTL lower by ``age_s``, not below zero."""
    out = bytearray(data)
    for offset in ttl_offsets:
        (ttl,) = _U32.unpack_from(out, offset)
        _U32.pack_into(out, offset, max(0, ttl - age_s))
    return bytes(out)


def truncated(data: bytes) -> bytes:
    """The header and question of a response alone, with TC set."""
    end = 12
    while end < len(data) and data[end]:
        end += data[end] + 1
    end += 5
    counts = b"\0\x01" + bytes(6)
    return data[:2] + bytes((data[2] | 0x02, data[3])) + counts + data[12:end]
