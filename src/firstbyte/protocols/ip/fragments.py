"""Fragmentation and reassembly (RFC 791, section 3.2; RFC 8200, section 4.5; RFC 5722).

Overlapping fragments are an attack: the whole datagram is dropped, in IPv4 too.
"""

from bisect import bisect_right, insort

from msgspec.structs import replace

from firstbyte.protocols.ip.extensions import Fragment
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.ipv6 import Ipv6
from firstbyte.protocols.ip.packet import Packet, decode_transport, encode_transport
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.tcp.timers import NEVER

Key = tuple[str, str, int, int]
MAX_BYTES = 0xFFFF
OVERHEAD_BYTES = 64
"""What a kept fragment costs besides its bytes, so that many empty ones are bounded, too."""


def fragment(packet: Packet, mtu: int, identification: int) -> list[Packet]:
    """Cut ``packet`` into pieces of at most ``mtu`` bytes. A piece may be cut again (IPv4)."""
    header = packet.ip
    if header is None:
        return []
    body = encode_transport(header, packet.transport)
    if isinstance(header, Ipv4):
        return _cut_v4(header, body, mtu, identification)
    return _cut_v6(header, body, mtu, identification)


def _cut_v4(header: Ipv4, body: bytes, mtu: int, identification: int) -> list[Packet]:
    if not header.is_fragment:
        header = replace(header, identification=identification, dont_fragment=False)
    step = (mtu - header.size) // 8 * 8
    pieces = []
    for start in range(0, len(body), step):
        more = start + step < len(body) or header.more_fragments
        offset = header.fragment_offset + start
        piece = replace(header, more_fragments=more, fragment_offset=offset)
        pieces.append(Packet(piece, body[start : start + step]))
    return pieces


def _cut_v6(header: Ipv6, body: bytes, mtu: int, identification: int) -> list[Packet]:
    """Only the source cuts in IPv6. Extensions for the path are repeated in every piece."""
    step = (mtu - header.size - 8) // 8 * 8
    pieces = []
    for start in range(0, len(body), step):
        mark = Fragment(start, start + step < len(body), identification)
        piece = replace(header, extensions=(*header.extensions, mark))
        pieces.append(Packet(piece, body[start : start + step]))
    return pieces


class _Partial:
    """The pieces of one datagram so far; ``sample`` is the first of them that came."""

    __slots__ = (
        "_end",
        "_starts",
        "cost",
        "deadline_ns",
        "first",
        "held",
        "pieces",
        "sample",
        "total",
    )

    def __init__(self, sample: Packet, deadline_ns: int) -> None:
        self.sample = sample
        self.deadline_ns = deadline_ns
        self.first: Packet | None = None
        self.pieces: dict[int, bytes] = {}
        self.total: int | None = None
        self.held = 0
        self.cost = 0
        self._starts: list[int] = []
        self._end = 0

    def add(self, offset: int, data: bytes, more: bool) -> bool:
        """Keep a piece; false when it contradicts the others."""
        end = offset + len(data)
        if self.pieces.get(offset) == data:
            return True
        if self._overlaps(offset, end) or end > MAX_BYTES or (more and (len(data) % 8 or not data)):
            return False
        if not more:
            if self.total is not None and self.total != end:
                return False
            self.total = end
        self.pieces[offset] = data
        insort(self._starts, offset)
        self._end = max(self._end, end)
        self.held += len(data)
        return self.total is None or self._end <= self.total

    def _overlaps(self, start: int, end: int) -> bool:
        """Pieces do not overlap each other, so their neighbours in order are enough."""
        at = bisect_right(self._starts, start)
        before, after = self._starts[max(0, at - 1) : at], self._starts[at : at + 1]
        return any(start < one + len(self.pieces[one]) for one in before) or any(
            one < end for one in after
        )

    @property
    def complete(self) -> bool:
        return self.total is not None and self.held == self.total and self.first is not None


class Reassembler:
    """Puts datagrams together, within bounds of memory and time."""

    def __init__(self, settings: HostSettings) -> None:
        self._settings = settings
        self._partials: dict[Key, _Partial] = {}
        self._cost = 0
        self.deadline = NEVER
        self.drops: list[tuple[Packet, str]] = []
        """What was thrown away, and why, until somebody takes it out."""

    def add(self, packet: Packet, now_ns: int) -> Packet | None:
        """Take a fragment; gives the whole packet when this one completes it."""
        place = _place(packet)
        if place is None or not isinstance(packet.transport, bytes):
            return None
        key, offset, more = place
        partial = self._partials.get(key) or self._begin(key, packet, now_ns)
        cost = len(packet.transport) + OVERHEAD_BYTES
        if cost + self._cost > self._settings.reassembly_bytes:
            self._refuse(key, packet, "reassembly_full")
            return None
        if not partial.add(offset, packet.transport, more):
            self._refuse(key, packet, "fragment_overlap")
            return None
        partial.cost += cost
        self._cost += cost
        if offset == 0:
            partial.first = packet
        if not partial.complete:
            return None
        self._drop(key)
        return _assemble(partial)

    def expire(self, now_ns: int) -> list[Packet]:
        """Drop what took too long; gives the first fragments, for "time exceeded" to quote."""
        if now_ns < self.deadline:
            return []
        late = [k for k, p in self._partials.items() if p.deadline_ns <= now_ns]
        firsts = [self._partials[key].first for key in late]
        for key in late:
            self._refuse(key, self._partials[key].sample, "reassembly_timeout")
        return [first for first in firsts if first is not None]

    def take_drops(self) -> list[tuple[Packet, str]]:
        """What was thrown away since the last call."""
        drops, self.drops = self.drops, []
        return drops

    def _begin(self, key: Key, packet: Packet, now_ns: int) -> _Partial:
        six = ":" in key[0]
        settings = self._settings
        limit = settings.reassembly_timeout_v6_ns if six else settings.reassembly_timeout_ns
        partial = self._partials[key] = _Partial(packet, now_ns + limit)
        self.deadline = min(self.deadline, partial.deadline_ns)
        return partial

    def _refuse(self, key: Key, packet: Packet, reason: str) -> None:
        self._drop(key)
        self.drops.append((packet, reason))

    def _drop(self, key: Key) -> None:
        self._cost -= self._partials.pop(key).cost
        self.deadline = min((p.deadline_ns for p in self._partials.values()), default=NEVER)


def _place(packet: Packet) -> tuple[Key, int, bool] | None:
    header = packet.ip
    if isinstance(header, Ipv4):
        key = (header.source, header.destination, header.protocol, header.identification)
        return key, header.fragment_offset, header.more_fragments
    mark = header.fragment if header is not None else None
    if header is None or mark is None:
        return None
    return (header.source, header.destination, 0, mark.identification), mark.offset, mark.more


def _assemble(partial: _Partial) -> Packet | None:
    first = partial.first
    if first is None or first.ip is None:
        return None
    body = b"".join(partial.pieces[offset] for offset in sorted(partial.pieces))
    header = first.ip
    if isinstance(header, Ipv4):
        whole = replace(header, more_fragments=False, fragment_offset=0)
        return decode_transport(whole, body)
    kept = tuple(e for e in header.extensions if not isinstance(e, Fragment))
    return decode_transport(replace(header, extensions=kept), body)
