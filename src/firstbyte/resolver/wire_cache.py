"""Whole answers by the bytes of their questions: the fast path of a cached answer.

A question that is octet for octet the same (but for its ID) gets the same octets, with its ID and
with TTLs that have run down. An entry is patched once a second at most.
"""

from collections import OrderedDict

from msgspec import Struct

from firstbyte.protocols.dns.patching import aged
from firstbyte.protocols.dns.writer import Rendered

MAX_BYTES = 32 * 1024 * 1024
ENTRY_BYTES = 400
"""What an entry costs besides its octets, in CPython."""
_NO_ID = b"\0\0"


class _Kept(Struct, gc=False):
    body: bytes
    """All but the ID, as it was at ``shown_s``."""
    ttl_offsets: tuple[int, ...]
    shown_s: int
    ends_s: float


class WireCache:
    """Answers that may be given again until their first record ends; the oldest go first."""

    def __init__(self) -> None:
        self.bytes = 0
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, question: bytes, unix_s: float) -> bytes | None:
        """The answer to these octets, or None."""
        kept = self._kept.get(question[2:])
        if kept is None:
            return None
        if not kept.shown_s <= unix_s < kept.ends_s:
            self._drop(question[2:])
            return None
        now_s = int(unix_s)
        if now_s != kept.shown_s:
            kept.body = aged(_NO_ID + kept.body, kept.ttl_offsets, now_s - kept.shown_s)[2:]
            kept.shown_s = now_s
        return question[:2] + kept.body

    def put(self, question: bytes, rendered: Rendered, unix_s: float, ttl_s: float) -> None:
        """Keep an answer for ``ttl_s``."""
        key = question[2:]
        self._drop(key)
        kept = _Kept(rendered.data[2:], rendered.ttl_offsets, int(unix_s), unix_s + ttl_s)
        self._kept[key] = kept
        self.bytes += _size_bytes(key, kept)
        while self.bytes > MAX_BYTES:
            self._drop(next(iter(self._kept)))  # of a plain dict, slow: it keeps the holes in front

    def _drop(self, key: bytes) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self.bytes -= _size_bytes(key, kept)

    def clear(self) -> None:
        """Drop all."""
        self._kept.clear()
        self.bytes = 0


def _size_bytes(key: bytes, kept: _Kept) -> int:
    return ENTRY_BYTES + len(key) + len(kept.body)
