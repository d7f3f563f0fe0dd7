"""Where options stand: the options field, and overloaded "file" and "sname" (RFC 2132, 9.3).

Options of more than 255 octets are split, and the parts joined again in the order of the
fields: options, file, sname (RFC 3396).
"""

from collections.abc import Mapping

from firstbyte.errors import UsageError
from firstbyte.protocols.dhcp.options import END, OVERLOAD, PAD
from firstbyte.protocols.problem import Problems

MAX_PART = 255
OVERLOAD_BYTES = 3
IN_FILE, IN_NAME = 1, 2
BASES = (240, 108, 44)
"""Where the options field, file and sname begin in a message."""

Regions = tuple[bytes, bytes, bytes]


def lay_out(options: Mapping[int, bytes], room: tuple[int, int, int]) -> Regions:
    """Options field, file and sname; ``room`` is what each of them holds.

    A field that is not needed is empty. Raises :class:`UsageError` when all three are too small.
    """
    whole = b"".join(_parts(code, value) for code, value in options.items())
    if len(whole) < room[0]:
        return whole + bytes((END,)), b"", b""
    regions = _overloaded(options, (room[0] - OVERLOAD_BYTES, room[1], room[2]))
    used = (IN_FILE if regions[1] else 0) | (IN_NAME if regions[2] else 0)
    # The code goes first: a reader must know of the other fields before it ends.
    main = bytes((OVERLOAD, 1, used)) + (regions[0] or bytes((END,)))
    return main, regions[1], regions[2]


def _parts(code: int, value: bytes) -> bytes:
    """One option, in as many parts as it takes; an empty one has one part."""
    starts = range(0, max(1, len(value)), MAX_PART)
    pieces = (value[at : at + MAX_PART] for at in starts)
    return b"".join(bytes((code, len(piece))) + piece for piece in pieces)


def _overloaded(options: Mapping[int, bytes], room: tuple[int, int, int]) -> Regions:
    """Fill field after field, each with its end mark; options are cut where a field ends."""
    filled = [b"", b"", b""]
    at = 0
    for code, value in options.items():
        rest = value
        while True:
            free = room[at] - len(filled[at]) - 1 - 2
            if free < min(1, len(rest)):
                at += 1
                if at == len(room):
                    raise UsageError("the DHCP options do not fit the message")
                continue
            piece, rest = rest[: min(free, MAX_PART)], rest[min(free, MAX_PART) :]
            filled[at] += bytes((code, len(piece))) + piece
            if not rest:
                break
    main, file, name = (part and part + bytes((END,)) for part in filled)
    return main, file, name


def read_regions(
    main: bytes, file: bytes, name: bytes, problems: Problems
) -> tuple[dict[int, bytes], int]:
    """All options with their parts joined, and the overload bits. Work is linear in the input."""
    parts: dict[int, list[bytes]] = {}
    _read(main, BASES[0], parts, problems)
    told = parts.pop(OVERLOAD, [])
    overload = told[0][0] if told and len(told[0]) == 1 else 0
    if told and overload not in {1, 2, 3}:
        problems.add(BASES[0], "option overload", "1, 2 or 3", told[0].hex(), "RFC 2132, 9.3")
        overload = 0
    if overload & IN_FILE:
        _read(file, BASES[1], parts, problems)
    if overload & IN_NAME:
        _read(name, BASES[2], parts, problems)
    parts.pop(OVERLOAD, None)
    return {code: b"".join(pieces) for code, pieces in parts.items()}, overload


def _read(data: bytes, base: int, parts: dict[int, list[bytes]], problems: Problems) -> None:
    at = 0
    while at < len(data):
        code = data[at]
        if code == END:
            return
        if code == PAD:
            at += 1
            continue
        size = data[at + 1] if at + 1 < len(data) else -1
        if size < 0 or at + 2 + size > len(data):
            left = len(data) - at - 2
            problems.add(base + at, f"option {code}", "its whole value", left, "RFC 2132, 2")
            return
        parts.setdefault(code, []).append(data[at + 2 : at + 2 + size])
        at += 2 + size
    problems.note(base + at, "options", "an end option (255)", "nothing", "RFC 2131, 4.1")
