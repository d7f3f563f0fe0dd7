"""One refresh of a trust point: its DNSKEY set in, the new states out (RFC 5011, 2 and 4)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.resolver.machine.settings import Limits
from firstbyte.resolver.machine.work import Work
from firstbyte.resolver.rollover.states import (
    DAY_S,
    GONE,
    HOUR_S,
    REMOVE_HOLD_DOWN_S,
    TRANSITIONS,
    TRUSTED,
    Change,
    Event,
    State,
    TrackedKey,
    TrustPoint,
    clear_form,
    matches,
    revoked_form,
    seeds,
)
from firstbyte.resolver.validator import keys, signatures
from firstbyte.resolver.validator.keys import Key
from firstbyte.resolver.validator.signatures import Signature

MAX_OFFERED = 32
MAX_TRACKED = 64
"""Pending keys beyond this are not taken in: a zone has a few."""
MIN_SEEN = 2
"""A new key must be in two validated sets at least (RFC 5011, 2.4.1)."""
SEP = 0x0001
LONGEST_INTERVAL_S = 15 * DAY_S


@dataclass(slots=True)
class Refreshed:
    """The trust point after a query, what changed, and why the set was not believed."""

    point: TrustPoint
    changes: list[Change] = field(default_factory=list)
    problem: str | None = None


def failed(point: TrustPoint, now_s: int, problem: str) -> Refreshed:
    """The query gave no DNSKEY set that can be believed: it is repeated (RFC 5011, 2.3)."""
    after = replace(
        point,
        queried_s=now_s,
        failures=point.failures + 1,
        next_s=now_s + point.retry_s,
    )
    return Refreshed(after, problem=problem)


def refresh(
    point: TrustPoint,
    configured: Iterable[RRset],
    rrset: RRset,
    now_s: int,
    *,
    allow_sha1: bool = False,
) -> Refreshed:
    """What the zone's DNSKEY set with its signatures, seen at ``now_s``, means for its keys."""
    return _Refresh(point, seeds(point, configured), rrset, now_s, allow_sha1).run()


class _Refresh:
    """The work on one set."""

    def __init__(
        self, point: TrustPoint, given: list[RRset], rrset: RRset, now_s: int, allow_sha1: bool
    ) -> None:
        self._point = point
        self._given = [_counting(anchor, allow_sha1=allow_sha1) for anchor in given]
        self._rrset = rrset
        self._now_s = now_s
        self._allow_sha1 = allow_sha1
        self._work = Work(Limits())
        offered = (keys.parse_key(rdata) for rdata in rrset.rdatas[:MAX_OFFERED])
        self._offered = [
            key
            for key in offered
            if key is not None and key.flags & keys.ZONE_KEY and key.protocol == 3
        ]
        self._tracked = {key.rdata: key for key in point.tracked}
        self._changes: list[Change] = []

    def run(self) -> Refreshed:
        revoked = self._revoke()
        checked = self._check(self._entering())
        if checked.signature is not None:
            self._compare(checked.signature.original_ttl_s)
        signature = checked.signature or revoked
        if signature is None:
            problem = checked.error.text if checked.error else ""
            return failed(self._point, self._now_s, problem or "no signature verifies")
        return Refreshed(self._scheduled(signature), self._changes)

    def _check(self, by: list[Key]) -> signatures.Checked:
        sha1 = self._allow_sha1
        return signatures.check(
            self._rrset, self._point.zone, by, self._now_s, self._work, allow_sha1=sha1
        )

    def _is_given(self, rdata: bytes) -> bool:
        return any(matches(self._point.zone, rdata, anchor) for anchor in self._given)

    def _is_trusted(self, rdata: bytes) -> bool:
        known = self._tracked.get(rdata)
        if known is not None and known.state in TRUSTED | GONE:
            return known.state in TRUSTED
        return self._is_given(rdata)

    def _revoke(self) -> Signature | None:
        """Trusted keys that revoke themselves by signing the set; at once, and for ever (2.1)."""
        found = None
        for key in self._offered:
            if not key.flags & keys.REVOKED:
                continue
            rdata = clear_form(key.rdata)
            signature = self._check([key]).signature if self._is_trusted(rdata) else None
            if signature is not None:
                found = signature
                self._enter(rdata, Event.REVOKED)
        return found

    def _enter(self, rdata: bytes, event: Event) -> None:
        """One step in the table; a key that was only configured begins as valid."""
        known = self._tracked.get(rdata)
        if known is None or (known.state is State.ADD_PEND and event is Event.REVOKED):
            known = TrackedKey(rdata, State.VALID, self._now_s)
        state = TRANSITIONS.get((known.state, event))
        if state is None:
            return
        after = replace(known, state=state, since_s=self._now_s, seen=0)
        self._tracked[rdata] = after
        self._changes.append(Change(after, known.state))

    def _entering(self) -> list[Key]:
        return [key for key in self._offered if key.usable and self._is_trusted(key.rdata)]

    def _compare(self, ttl_s: int) -> None:
        """The states of all keys against a set that is proved (RFC 5011, 4.1)."""
        present = {key.rdata for key in self._offered}
        for known in list(self._tracked.values()):
            self._step(known, present)
        for key in self._offered:
            if not key.flags & keys.REVOKED and key.rdata not in self._tracked:
                self._meet(key, ttl_s)

    def _step(self, known: TrackedKey, present: set[bytes]) -> None:
        rdata = known.rdata
        if known.state is State.ADD_PEND:
            self._wait(known, present=rdata in present)
        elif known.state in TRUSTED:
            self._enter(rdata, Event.KEY_PRESENT if rdata in present else Event.KEY_REMOVED)
        elif known.state is State.REVOKED:
            self._bury(known, present=revoked_form(rdata) in present)

    def _bury(self, known: TrackedKey, *, present: bool) -> None:
        """A revoked key: removed when it has been gone for long enough (RFC 5011, 4.1)."""
        if present:
            self._tracked[known.rdata] = replace(known, since_s=self._now_s)
        elif self._now_s - known.since_s >= REMOVE_HOLD_DOWN_S:
            self._enter(known.rdata, Event.REMOVE_TIME)

    def _wait(self, known: TrackedKey, *, present: bool) -> None:
        """A pending key: trusted in time, or forgotten as soon as it is missing (2.2)."""
        rdata = known.rdata
        if not present:
            self._enter(rdata, Event.KEY_REMOVED)
            del self._tracked[rdata]
            return
        known = replace(known, seen=known.seen + 1)
        self._tracked[rdata] = known
        old_enough = self._now_s - known.since_s >= known.hold_down_s
        if self._is_given(rdata) or (old_enough and known.seen >= MIN_SEEN):
            self._enter(rdata, Event.ADD_TIME)

    def _meet(self, key: Key, ttl_s: int) -> None:
        """A key that is not tracked: a configured one is valid, others must wait."""
        if self._is_given(key.rdata):
            fresh = TrackedKey(key.rdata, State.VALID, self._now_s, 0, ttl_s)
        elif key.flags & SEP and len(self._tracked) < MAX_TRACKED:
            state = TRANSITIONS[State.START, Event.NEW_KEY]
            fresh = TrackedKey(key.rdata, state, self._now_s, 1, ttl_s)
        else:
            return
        self._tracked[key.rdata] = fresh
        self._changes.append(Change(fresh, State.START))

    def _scheduled(self, signature: Signature) -> TrustPoint:
        """When to ask next (RFC 5011, 2.3)."""
        ttl_s = signature.original_ttl_s
        expiry_s = (signature.expires - self._now_s) & 0xFFFFFFFF
        interval_s = max(HOUR_S, min(LONGEST_INTERVAL_S, ttl_s // 2, expiry_s // 2))
        tracked = tuple(self._tracked.values())
        zone = self._point.zone
        digests = tuple(
            digest
            for digest in self._point.digests
            if not any(matches(zone, key.rdata, _digest(zone, digest)) for key in tracked)
        )
        return TrustPoint(
            zone,
            tracked,
            digests,
            queried_s=self._now_s,
            succeeded_s=self._now_s,
            next_s=self._now_s + interval_s,
            failures=0,
            interval_s=interval_s,
            retry_s=max(HOUR_S, min(DAY_S, ttl_s // 10, expiry_s // 10)),
        )


def _digest(zone: bytes, rdata: bytes) -> RRset:
    return RRset(zone, dns.DS, 0, [rdata])


def _counting(anchor: RRset, *, allow_sha1: bool) -> RRset:
    """The anchor without digests that are not to be believed (RFC 9905, 3)."""
    if anchor.rdtype != dns.DS:
        return anchor
    rdatas = [
        rdata
        for rdata in anchor.rdatas
        if (ds := keys.parse_ds(rdata)) is not None
        and keys.digest_counts(ds.digest_type, allow_sha1=allow_sha1)
    ]
    return RRset(anchor.key, dns.DS, 0, rdatas)
