"""Whole answers by the bytes of their questions: the fast path of a cached answer.

A question that is octet for octet the same (but for its ID) gets the same octets, with its ID and
with TTLs that have run down. An entry is patched once a second at most.
"""

from firstbyte.protocols.dns.patching import aged
from firstbyte.protocols.dns.writer import Rendered

MAX_ENTRIES = 100_000


class _Kept:
    __slots__ = ("body", "ends_s", "made_s", "rendered", "shown_s")

    def __init__(self, rendered: Rendered, made_s: int, ends_s: float) -> None:
        self.rendered = rendered
        self.made_s = made_s
        self.shown_s = made_s
        self.ends_s = ends_s
        self.body = rendered.data[2:]


class WireCache:
    """Answers that may be given again until their first record ends."""

    def __init__(self) -> None:
        self._kept: dict[bytes, _Kept] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, question: bytes, unix_s: float) -> bytes | None:
        """The answer to these octets, or None."""
        kept = self._kept.get(question[2:])
        if kept is None:
            return None
        if not kept.made_s <= unix_s < kept.ends_s:
            del self._kept[question[2:]]
            return None
        now_s = int(unix_s)
        if now_s != kept.shown_s:
            data = aged(kept.rendered.data, kept.rendered.ttl_offsets, now_s - kept.made_s)
            kept.body = data[2:]
            kept.shown_s = now_s
        return question[:2] + kept.body

    def put(self, question: bytes, rendered: Rendered, unix_s: float, ttl_s: float) -> None:
        """Keep an answer for ``ttl_s``; the oldest is dropped where there are too many."""
        if len(self._kept) >= MAX_ENTRIES:
            del self._kept[next(iter(self._kept))]
        self._kept[question[2:]] = _Kept(rendered, int(unix_s), unix_s + ttl_s)

    def clear(self) -> None:
        """Drop all."""
        self._kept.clear()
