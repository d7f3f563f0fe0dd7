"""What was learned, by name and type: bounded, aged, ranked (RFC 2181, 5.4.1; RFC 2308).

Times are Unix seconds from the caller's clock. An entry is positive (a set of records) or negative
(the name does not exist, or has no such type), and carries what proves it and how far it is
trusted. An entry that has passed its end stays for a while, for RFC 8767.
"""

from collections import OrderedDict
from collections.abc import Sequence
from enum import IntEnum
from math import ceil
from typing import Final

from msgspec import Struct

from firstbyte.protocols.dns.message import RRset
from firstbyte.resolver.machine.settings import CacheSettings
from firstbyte.resolver.machine.values import BOGUS, Error, Security, Server

ENTRY_BYTES = 520
"""What an entry costs besides its data, in CPython."""
SET_BYTES = 200
"""What each of its sets costs besides its records' octets."""
NXDOMAIN_TYPE = 0
"""The type under which "this name does not exist" is kept: it holds for every type."""


class Rank(IntEnum):
    """How far data are to be trusted, by where they stood (RFC 2181, 5.4.1)."""

    REFERRAL = 1
    ANSWER = 2
    AUTHORITATIVE = 3


AUTHORITATIVE: Final = Rank.AUTHORITATIVE
"""As in ``values``: what nearly every entry has."""


class Entry(Struct, eq=False, gc=False):
    """One thing known. ``rrset`` is None where it is that there is nothing.

    What it holds never leads back to it, so that the collector of cycles need not look at it.
    """

    key: bytes
    rdtype: int
    rrset: RRset | None
    ttl_s: int
    nxdomain: bool = False
    soa: RRset | None = None
    proofs: Sequence[RRset] = ()
    authority: Sequence[RRset] = ()
    additional: Sequence[RRset] = ()
    security: Security = Security.UNCHECKED
    error: Error | None = None
    stored_s: float = 0.0
    expires_s: float = 0.0
    rank: Rank = Rank.AUTHORITATIVE
    aside: bool = False
    """It came beside an answer to another question, and may be asked for properly."""
    wildcard: bool = False
    compact: bool = False
    """A compact denial: NOERROR was said of a name that does not exist (RFC 9824)."""
    server: Server | None = None
    """The server that said it."""
    dname: RRset | None = None
    """The DNAME from which ``rrset``, a CNAME, follows (RFC 6672)."""
    zone: bytes = b"\0"
    """The zone whose server said it."""
    signer: bytes | None = None
    """The zone whose keys prove it."""
    labels: int = 0
    """How many labels the signed name had: fewer than ``key`` where a wildcard made it."""
    former: "Entry | None" = None
    """What was believed before this came, until this is believed itself (RFC 8767)."""
    held_bytes: int = 0
    """What the cache counts it as."""

    @property
    def size_bytes(self) -> int:
        """About what the entry costs."""
        size = ENTRY_BYTES if self.former is None else ENTRY_BYTES + self.former.size_bytes
        for rrset in (self.rrset, self.soa):
            if rrset is not None:
                size += _set_bytes(rrset)
        for beside in (self.proofs, self.authority, self.additional):
            if beside:
                size += sum(map(_set_bytes, beside))
        return size

    def remaining_s(self, now_s: float) -> int:
        """Seconds until its end, begun ones counted whole; never more than the TTL."""
        if now_s == self.stored_s:
            return self.ttl_s
        return max(0, min(self.ttl_s, ceil(self.expires_s - now_s)))


def _set_bytes(rrset: RRset) -> int:
    rdatas = rrset.rdatas
    size = SET_BYTES + (len(rdatas[0]) if len(rdatas) == 1 else sum(map(len, rdatas)))
    return size + sum(map(len, rrset.signatures)) if rrset.signatures else size


class Cache:
    """Entries by (key, type); the least recently used go first when ``max_bytes`` is reached."""

    def __init__(self, settings: CacheSettings) -> None:
        self.settings = settings
        self.bytes = 0
        self._entries: OrderedDict[tuple[bytes, int], Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes, rdtype: int, now_s: float) -> Entry | None:
        """The fresh entry for this name and type: the data, or that there are none."""
        entries = self._entries
        place = (key, rdtype)
        entry = self._fresh(place, now_s) if place in entries else None
        place = (key, NXDOMAIN_TYPE)
        return self._fresh(place, now_s) if entry is None and place in entries else entry

    def get_data(self, key: bytes, rdtype: int, now_s: float) -> Entry | None:
        """The fresh entry of just this type: what denies the whole name is not looked for."""
        return self._fresh((key, rdtype), now_s)

    def get_stale(self, key: bytes, rdtype: int, now_s: float) -> Entry | None:
        """An entry that may be past its end, but not longer than RFC 8767 lets it be used.

        Where the newest one is not believed, it is the one before it.
        """
        limit_s = self.settings.stale.ttl_s
        for place in ((key, rdtype), (key, NXDOMAIN_TYPE)):
            held = self._entries.get(place)
            entry = None if held is None else held.former or held
            if entry is not None and now_s < entry.expires_s + limit_s:
                return entry
        return None

    def _fresh(self, place: tuple[bytes, int], now_s: float) -> Entry | None:
        entry = self._entries.get(place)
        if entry is None:
            return None
        if now_s < entry.expires_s:
            self._entries.move_to_end(place)
            return entry
        if not self.settings.stale.enabled:
            self._drop(place)
        return None

    def put(self, entry: Entry, now_s: float) -> bool:
        """Keep ``entry`` from now on, unless better data stand there; tells whether it is kept.

        Data of a lower rank, or bogus data, never replace fresh data (RFC 2181, 5.4.1).
        """
        place = (entry.key, NXDOMAIN_TYPE if entry.nxdomain else entry.rdtype)
        entries = self._entries
        if place in entries:
            present = self._fresh(place, now_s)
            if present is not None and not _may_replace(present, entry):
                return False
        entry.ttl_s = ttl_s = self._capped(entry)
        entry.stored_s = now_s
        entry.expires_s = now_s + ttl_s
        if ttl_s <= 0:
            return False
        if self.settings.stale.enabled and entry.security <= Security.BOGUS:
            entry.former = entry.former or self._believed(place)
        if place in entries:
            self._drop(place)
        if entry.rrset is not None and (entry.key, NXDOMAIN_TYPE) in entries:
            self._drop((entry.key, NXDOMAIN_TYPE))
        self._keep(place, entry)
        while self.bytes > self.settings.max_bytes:
            self._drop(next(iter(entries)))
        return True

    def _keep(self, place: tuple[bytes, int], entry: Entry) -> None:
        entry.held_bytes = entry.size_bytes
        self._entries[place] = entry
        self.bytes += entry.held_bytes

    def _believed(self, place: tuple[bytes, int]) -> Entry | None:
        entry = self._entries.get(place)
        if entry is None or entry.security > Security.BOGUS:
            return entry
        return entry.former

    def _capped(self, entry: Entry) -> int:
        settings, ttl_s = self.settings, entry.ttl_s
        highest = settings.max_ttl_s
        if entry.security is BOGUS:
            return min(ttl_s, settings.bogus_ttl_s) or settings.bogus_ttl_s
        if entry.rrset is None:
            highest = min(highest, settings.max_negative_ttl_s)
        if settings.min_ttl_s <= ttl_s <= highest:
            return ttl_s
        return min(max(ttl_s, settings.min_ttl_s), highest)

    def shorten(self, entry: Entry, ttl_s: int) -> None:
        """Let a kept entry end ``ttl_s`` after it was stored, if that is sooner."""
        entry.ttl_s = min(entry.ttl_s, max(0, ttl_s))
        entry.expires_s = min(entry.expires_s, entry.stored_s + entry.ttl_s)

    def forget(self, key: bytes, rdtype: int) -> None:
        """Drop what is known of this name and type, but for what was believed before it."""
        place = (key, rdtype)
        held = self._entries.get(place)
        self._drop(place)
        if held is not None and held.former is not None:
            self._keep(place, held.former)

    def clear(self) -> None:
        """Drop everything."""
        self._entries.clear()
        self.bytes = 0

    def _drop(self, place: tuple[bytes, int]) -> None:
        entry = self._entries.pop(place, None)
        if entry is not None:
            self.bytes -= entry.held_bytes


def _may_replace(present: Entry, new: Entry) -> bool:
    if present.security is Security.BOGUS:
        return True
    if new.security is Security.BOGUS:
        return False
    if present.security is Security.SECURE and new.security is Security.UNCHECKED:
        return new.rank >= present.rank
    return new.rank >= present.rank
