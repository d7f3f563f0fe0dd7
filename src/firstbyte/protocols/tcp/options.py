"""TCP options (RFC 9293, section 3.1): MSS, window scale, SACK, timestamps, Fast Open, unknown.

``decode_options`` is tolerant: it keeps what it can read and notes the rest as problems.
``TcpOptions`` holds only what can be sent.
"""

import struct
from typing import Any

from msgspec import Struct

from firstbyte.errors import UsageError
from firstbyte.protocols.checksum import Bytes
from firstbyte.protocols.problem import Problems

END, NOP, MSS, WINDOW_SCALE, SACK_PERMITTED, SACK, TIMESTAMPS = 0, 1, 2, 3, 4, 5, 8
FAST_OPEN = 34
MAX_BYTES = 40

RFC_OPTIONS = "RFC 9293, 3.1"
RFC_SACK = "RFC 2018, 3"
RFC_TFO = "RFC 7413, 4.1.1"

LENGTHS = {MSS: 4, WINDOW_SCALE: 3, SACK_PERMITTED: 2, TIMESTAMPS: 10}
REFERENCES = {
    MSS: RFC_OPTIONS,
    WINDOW_SCALE: "RFC 7323, 2.2",
    SACK_PERMITTED: "RFC 2018, 2",
    TIMESTAMPS: "RFC 7323, 3.2",
}
NAMES = {
    MSS: "mss",
    WINDOW_SCALE: "window_scale",
    SACK_PERMITTED: "sack_permitted",
    SACK: "sack",
    TIMESTAMPS: "timestamps",
    FAST_OPEN: "fast_open",
}

TIMESTAMPS_HEAD = b"\x01\x01\x08\x0a"


class TcpOptions(Struct, frozen=True, gc=False):
    """The options of one segment; ``None`` or empty where absent.

    ``timestamp`` is (TSval, TSecr); ``sack_blocks`` are (left, right) sequence numbers;
    ``fast_open_cookie`` is empty bytes for a cookie request (RFC 7413); ``other`` keeps unknown
    kinds as (kind, data).
    """

    mss: int | None = None
    window_scale: int | None = None
    sack_permitted: bool = False
    sack_blocks: tuple[tuple[int, int], ...] = ()
    timestamp: tuple[int, int] | None = None
    fast_open_cookie: bytes | None = None
    other: tuple[tuple[int, bytes], ...] = ()


NO_OPTIONS = TcpOptions()
"""Shared by all segments without options."""

_Found = dict[str, Any]


def encode_options(options: TcpOptions) -> bytes:
    """The option bytes, padded to whole words in Linux's order.

    Raises :class:`UsageError` when they do not fit the header's 40 bytes or hold illegal values.
    """
    if options is NO_OPTIONS:
        return b""
    parts = _handshake_parts(options) if options.mss is not None else _timestamp_parts(options)
    parts += _rare_parts(options) + _sack_parts(options)
    parts.extend(_variable(kind, data) for kind, data in options.other)
    encoded = b"".join(parts)
    encoded += b"\x01" * (-len(encoded) % 4)
    if len(encoded) > MAX_BYTES:
        raise UsageError(f"TCP options take {len(encoded)} bytes, more than {MAX_BYTES}")
    return encoded


def options_length(options: TcpOptions) -> int:
    """How many bytes :func:`encode_options` makes; without making them for the common cases."""
    if options is NO_OPTIONS:
        return 0
    if options.timestamp is None or (
        options.mss is not None
        or options.window_scale is not None
        or options.sack_permitted
        or options.fast_open_cookie is not None
        or options.other
    ):
        return len(encode_options(options))
    return 12 + (4 + 8 * len(options.sack_blocks) if options.sack_blocks else 0)


def _handshake_parts(options: TcpOptions) -> list[bytes]:
    """MSS, SACK permitted and timestamps without padding between them: 20 bytes in a SYN."""
    parts = [struct.pack("!BBH", MSS, 4, options.mss)]
    if options.sack_permitted and options.timestamp is not None:
        head = bytes((SACK_PERMITTED, 2, TIMESTAMPS, 10))
        return [*parts, head, struct.pack("!II", *options.timestamp)]
    return parts + _sack_permitted_parts(options) + _timestamp_parts(options)


def _sack_permitted_parts(options: TcpOptions) -> list[bytes]:
    return [bytes((NOP, NOP, SACK_PERMITTED, 2))] if options.sack_permitted else []


def _rare_parts(options: TcpOptions) -> list[bytes]:
    parts = []
    if options.sack_permitted and options.mss is None:
        parts += _sack_permitted_parts(options)
    if options.window_scale is not None:
        parts.append(struct.pack("!BBBB", NOP, WINDOW_SCALE, 3, options.window_scale))
    if options.fast_open_cookie is not None:
        parts.append(_variable(FAST_OPEN, options.fast_open_cookie))
    return parts


def _timestamp_parts(options: TcpOptions) -> list[bytes]:
    if options.timestamp is None:
        return []
    return [TIMESTAMPS_HEAD, struct.pack("!II", *options.timestamp)]


def _sack_parts(options: TcpOptions) -> list[bytes]:
    blocks = options.sack_blocks
    if not blocks:
        return []
    head = bytes((NOP, NOP, SACK, 2 + 8 * len(blocks)))
    return [head, *(struct.pack("!II", left, right) for left, right in blocks)]


def _variable(kind: int, data: bytes) -> bytes:
    if len(data) > MAX_BYTES - 2:
        raise UsageError(f"TCP option {kind} has {len(data)} bytes of data")
    return bytes((kind, len(data) + 2)) + data


def decode_options(data: Bytes, problems: Problems) -> TcpOptions:
    """Read option bytes; ``problems`` counts offsets from the first of them. Never raises."""
    if not data:
        return NO_OPTIONS
    if len(data) == 12 and data[:4] == TIMESTAMPS_HEAD:
        return TcpOptions(timestamp=struct.unpack_from("!II", data, 4))
    found: _Found = {}
    offset = 0
    while offset < len(data) and data[offset] != END:
        if data[offset] == NOP:
            offset += 1
            continue
        length = _option_length(data, offset, problems)
        if length is None:
            break
        body = bytes(data[offset + 2 : offset + length])
        _decode_option(found, data[offset], body, problems.within(offset))
        offset += length
    return TcpOptions(**found)


def _option_length(data: Bytes, offset: int, problems: Problems) -> int | None:
    if offset + 1 >= len(data):
        problems.note(offset, "option length", "a length byte", "end of options", RFC_OPTIONS)
        return None
    length = data[offset + 1]
    room = len(data) - offset
    if not 2 <= length <= room:
        problems.note(offset + 1, "option length", f"2 to {room}", length, RFC_OPTIONS)
        return None
    return length


def _decode_option(found: _Found, kind: int, body: bytes, problems: Problems) -> None:
    expected = LENGTHS.get(kind)
    if expected is not None and len(body) + 2 != expected:
        name = NAMES[kind]
        problems.note(1, f"{name} length", str(expected), len(body) + 2, REFERENCES[kind])
        _keep(found, kind, body)
        return
    reader = _READERS.get(kind)
    if reader is None:
        _keep(found, kind, body)
    else:
        reader(found, body, problems)


def _keep(found: _Found, kind: int, body: bytes) -> None:
    found["other"] = (*found.get("other", ()), (kind, body))


def _read_mss(found: _Found, body: bytes, _problems: Problems) -> None:
    found["mss"] = int.from_bytes(body, "big")


def _read_window_scale(found: _Found, body: bytes, problems: Problems) -> None:
    found["window_scale"] = body[0]
    if body[0] > 14:
        problems.note(2, "window_scale", "at most 14", body[0], "RFC 7323, 2.3")


def _read_sack_permitted(found: _Found, _body: bytes, _problems: Problems) -> None:
    found["sack_permitted"] = True


def _read_sack(found: _Found, body: bytes, problems: Problems) -> None:
    if not body or len(body) % 8:
        problems.note(1, "sack length", "2 + 8 × blocks", len(body) + 2, RFC_SACK)
    whole = len(body) - len(body) % 8
    found["sack_blocks"] = tuple(struct.iter_unpack("!II", body[:whole]))


def _read_timestamps(found: _Found, body: bytes, _problems: Problems) -> None:
    found["timestamp"] = struct.unpack("!II", body)


def _read_fast_open(found: _Found, body: bytes, problems: Problems) -> None:
    found["fast_open_cookie"] = body
    if body and (not 4 <= len(body) <= 16 or len(body) % 2):
        problems.note(1, "fast_open length", "2, or 6 to 18 and even", len(body) + 2, RFC_TFO)


_READERS = {
    MSS: _read_mss,
    WINDOW_SCALE: _read_window_scale,
    SACK_PERMITTED: _read_sack_permitted,
    SACK: _read_sack,
    TIMESTAMPS: _read_timestamps,
    FAST_OPEN: _read_fast_open,
}
