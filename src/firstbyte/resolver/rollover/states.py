"""The states of a trust anchor key, and what is remembered of a trust point (RFC 5011, 4)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NamedTuple

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.resolver.validator import keys
from firstbyte.resolver.validator.keys import Ds

HOUR_S = 3600
DAY_S = 86400
ADD_HOLD_DOWN_S = 30 * DAY_S
"""How long a new key must be seen before it is trusted, at least (RFC 5011, 2.4.1)."""
REMOVE_HOLD_DOWN_S = 30 * DAY_S
"""How long a revoked key must be gone before it is taken as removed (RFC 5011, 2.4.2)."""


class State(IntEnum):
    """RFC 5011, 4.2. The numbers are those of unbound's files."""

    START = 0
    ADD_PEND = 1
    VALID = 2
    MISSING = 3
    REVOKED = 4
    REMOVED = 5


class Event(Enum):
    """RFC 5011, 4.1."""

    NEW_KEY = "NewKey"
    KEY_PRESENT = "KeyPres"
    KEY_REMOVED = "KeyRem"
    ADD_TIME = "AddTime"
    REMOVE_TIME = "RemTime"
    REVOKED = "RevBit"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.START, Event.NEW_KEY): State.ADD_PEND,
    (State.ADD_PEND, Event.KEY_REMOVED): State.START,
    (State.ADD_PEND, Event.ADD_TIME): State.VALID,
    (State.VALID, Event.KEY_REMOVED): State.MISSING,
    (State.VALID, Event.REVOKED): State.REVOKED,
    (State.MISSING, Event.KEY_PRESENT): State.VALID,
    (State.MISSING, Event.REVOKED): State.REVOKED,
    (State.REVOKED, Event.REMOVE_TIME): State.REMOVED,
}
"""RFC 5011, 4.2; an event that is not here for a state changes nothing."""
TRUSTED = frozenset({State.VALID, State.MISSING})
"""A missing key is still trusted: nobody said that it is not (RFC 5011, 4.2)."""
GONE = frozenset({State.REVOKED, State.REMOVED})


@dataclass(frozen=True, slots=True)
class TrackedKey:
    """A key that is, was or may become a trust anchor. Times are Unix seconds."""

    rdata: bytes
    """Of the DNSKEY, with the REVOKE bit clear, so that it stays the same for its whole life."""
    state: State
    since_s: int
    """When the state began; for a revoked key, when it was last seen."""
    seen: int = 0
    """In how many valid sets, without a gap, it was seen while pending."""
    ttl_s: int = 0
    """The original TTL of the first set that held it: pending lasts no less (2.4.1)."""

    @property
    def tag(self) -> int:
        """The key tag; revocation changes it (RFC 5011, 7, note)."""
        return keys.key_tag(revoked_form(self.rdata) if self.state in GONE else self.rdata)

    @property
    def hold_down_s(self) -> int:
        """How long it stays pending (RFC 5011, 2.4.1)."""
        return max(ADD_HOLD_DOWN_S, self.ttl_s)


@dataclass(frozen=True, slots=True)
class TrustPoint:
    """A zone with its keys, and when it was and will be asked for them. Times in Unix seconds."""

    zone: bytes
    tracked: tuple[TrackedKey, ...] = ()
    digests: tuple[bytes, ...] = ()
    """DS data that stand in the state file and match no key yet."""
    queried_s: int = 0
    succeeded_s: int = 0
    next_s: int = 0
    failures: int = 0
    """Failed queries since the last that succeeded."""
    interval_s: int = HOUR_S
    retry_s: int = HOUR_S

    def due(self, unix_s: float) -> bool:
        """Whether it is time to ask; also where the clock was set back behind the last query."""
        return unix_s >= self.next_s or unix_s < self.queried_s


class Change(NamedTuple):
    """A key that came to another state."""

    key: TrackedKey
    before: State


def clear_form(rdata: bytes) -> bytes:
    """DNSKEY data without the REVOKE bit: what names a key over its whole life."""
    return _with_flags(rdata, lambda flags: flags & ~keys.REVOKED)


def revoked_form(rdata: bytes) -> bytes:
    """DNSKEY data with the REVOKE bit."""
    return _with_flags(rdata, lambda flags: flags | keys.REVOKED)


def _with_flags(rdata: bytes, change: Callable[[int], int]) -> bytes:
    return change(int.from_bytes(rdata[:2], "big")).to_bytes(2, "big") + rdata[2:]


def matches(zone: bytes, rdata: bytes, anchor: RRset) -> bool:
    """Whether a DNSKEY (clear form) is one of those that a configured anchor names."""
    if anchor.rdtype == dns.DNSKEY:
        return rdata in anchor.rdatas
    key = keys.parse_key(rdata)
    return key is not None and any(
        ds.tag == key.tag and ds.algorithm == key.algorithm and keys.digest_matches(zone, key, ds)
        for ds in _dses(anchor.rdatas)
    )


def _dses(rdatas: Iterable[bytes]) -> list[Ds]:
    return [ds for rdata in rdatas if (ds := keys.parse_ds(rdata)) is not None]


def anchors_of(point: TrustPoint, configured: Iterable[RRset]) -> list[RRset]:
    """What is trusted now: the keys that are valid or missing, and configured anchors beside them.

    A configured anchor counts until the key that it names is tracked; never again once that key
    was revoked. Nothing left means that the trust point is deleted (RFC 5011, 5).
    """
    trusted = [key.rdata for key in point.tracked if key.state in TRUSTED]
    found = [RRset(point.zone, dns.DNSKEY, 0, trusted)] if trusted else []
    settled = [key.rdata for key in point.tracked if key.state is not State.ADD_PEND]
    for anchor in seeds(point, configured):
        rdatas = [
            rdata
            for rdata in anchor.rdatas
            if not any(
                matches(point.zone, known, RRset(point.zone, anchor.rdtype, 0, [rdata]))
                for known in settled
            )
        ]
        if rdatas:
            found.append(RRset(point.zone, anchor.rdtype, 0, rdatas))
    return found


def seeds(point: TrustPoint, configured: Iterable[RRset]) -> list[RRset]:
    """The anchors that a person gave: in the configuration, and as DS in the state file."""
    found = [rrset for rrset in configured if rrset.key == point.zone]
    if point.digests:
        found.append(RRset(point.zone, dns.DS, 0, list(point.digests)))
    return found
