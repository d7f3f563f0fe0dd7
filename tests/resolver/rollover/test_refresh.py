"""RFC 5011 in virtual time: a whole rollover, and all that can go wrong on its way."""

import pytest

from firstbyte.resolver.daemon.anchors import anchors_from
from firstbyte.resolver.rollover.refresh import refresh
from firstbyte.resolver.rollover.states import (
    DAY_S,
    HOUR_S,
    TRANSITIONS,
    State,
    TrustPoint,
    anchors_of,
)
from testbed.rollover_zone import Ksk, key_set

START_S = 1_700_000_000
DAY = DAY_S


class Point:
    """A trust point that is asked at times of the test."""

    def __init__(self, *anchors, zone="."):
        self.zone = zone
        self.configured = anchors_from([key.ds(zone) for key in anchors])
        self.now_s = START_S
        owner = self.configured[0].key
        self.point = TrustPoint(owner)
        self.problem = None

    def see(self, keys, signers, *, after_s=0, **more):
        """One query ``after_s`` later; the states by key tag."""
        self.now_s += after_s
        rrset = key_set(self.zone, keys, signers, self.now_s, **more)
        done = refresh(self.point, self.configured, rrset, self.now_s)
        self.point, self.problem = done.point, done.problem
        return [(change.before, change.key.state) for change in done.changes]

    def each_day(self, count, keys, signers, **more):
        return [
            change for _ in range(count) for change in self.see(keys, signers, after_s=DAY, **more)
        ]

    def state(self, key):
        clear = Ksk(private=key.private, flags=key.flags).rdata
        found = [known.state for known in self.point.tracked if known.rdata == clear]
        return found[0] if found else None

    def trusts(self, key):
        clear = Ksk(private=key.private, flags=key.flags).rdata
        anchors = anchors_of(self.point, self.configured)
        if any(clear in rrset.rdatas for rrset in anchors):
            return True
        return any(
            rrset.rdtype == 43 and rdata[:2] == Ksk(private=key.private).tag.to_bytes(2, "big")
            for rrset in anchors
            for rdata in rrset.rdatas
        )


@pytest.fixture
def old():
    return Ksk()


@pytest.fixture
def new():
    return Ksk()


def test_a_whole_rollover(old, new):
    """The old key, both, the new one signs, the old one is revoked, the old one is gone."""
    zsk = Ksk(flags=0x0100)
    point = Point(old)
    assert point.trusts(old)
    assert point.see([old, zsk], [old]) == [(State.START, State.VALID)]
    assert point.see([old, new, zsk], [old], after_s=DAY) == [(State.START, State.ADD_PEND)]
    assert point.each_day(29, [old, new, zsk], [old]) == []
    assert not point.trusts(new)
    assert point.each_day(1, [old, new, zsk], [old]) == [(State.ADD_PEND, State.VALID)]
    assert point.trusts(new)
    assert point.each_day(60, [old, new, zsk], [new]) == []
    old.revoked = True
    assert point.each_day(1, [old, new, zsk], [old, new]) == [(State.VALID, State.REVOKED)]
    assert not point.trusts(old)
    assert point.each_day(40, [old, new, zsk], [old, new]) == []
    assert point.each_day(29, [new, zsk], [new]) == []
    assert point.each_day(1, [new, zsk], [new]) == [(State.REVOKED, State.REMOVED)]
    assert [key.state for key in point.point.tracked] == [State.REMOVED, State.VALID]
    assert anchors_of(point.point, point.configured)[0].rdatas == [new.rdata]


def test_a_gap_begins_the_hold_down_anew(old, new):
    point = Point(old)
    point.see([old, new], [old])
    assert point.each_day(20, [old, new], [old]) == []
    assert point.each_day(1, [old], [old]) == [(State.ADD_PEND, State.START)]
    assert point.state(new) is None
    assert point.each_day(30, [old, new], [old]) == [(State.START, State.ADD_PEND)]
    assert point.each_day(1, [old, new], [old]) == [(State.ADD_PEND, State.VALID)]


def test_time_alone_adds_no_key(old, new):
    """Two validated sets at least, whatever the clock says (2.4.1)."""
    point = Point(old)
    point.see([old], [old])
    assert point.see([old, new], [old], after_s=DAY) == [(State.START, State.ADD_PEND)]
    point.now_s += 90 * DAY
    assert not point.trusts(new)
    assert point.see([old, new], [old]) == [(State.ADD_PEND, State.VALID)]


def test_a_long_ttl_lengthens_the_hold_down(old, new):
    point = Point(old)
    point.see([old, new], [old], ttl_s=40 * DAY)
    assert point.each_day(39, [old, new], [old], ttl_s=HOUR_S) == []
    assert point.each_day(1, [old, new], [old], ttl_s=HOUR_S) == [(State.ADD_PEND, State.VALID)]


def test_a_new_key_cannot_vouch_for_itself(old, new):
    """Whoever has only a pending key, or none that is known, changes nothing."""
    point = Point(old)
    point.see([old, new], [old])
    for day in range(60):
        assert point.see([old, new], [new], after_s=DAY) == [], day
    assert point.problem
    assert point.point.failures == 60
    assert not point.trusts(new)


def test_sets_that_do_not_verify_change_nothing(old, new):
    point = Point(old)
    point.see([old], [old])
    assert point.see([old, new], [], after_s=DAY) == []
    assert "no signature" in point.problem
    assert point.see([old, new], [old], after_s=DAY, validity_s=-10) == []
    assert "expired" in point.problem
    rrset = key_set(".", [old, new], [old], point.now_s)
    rrset.signatures[0] = rrset.signatures[0][:-1] + bytes((rrset.signatures[0][-1] ^ 1,))
    done = refresh(point.point, point.configured, rrset, point.now_s)
    assert not done.changes
    assert "does not verify" in done.problem
    assert done.point.tracked == point.point.tracked


def test_a_missing_key_stays_trusted_and_may_return(old, new):
    point = Point(old, new)
    point.see([old, new], [old])
    assert point.each_day(50, [new], [new]) == [(State.VALID, State.MISSING)]
    assert point.trusts(old)
    assert point.each_day(3, [old, new], [old]) == [(State.MISSING, State.VALID)]


def test_revocation_is_at_once_for_ever_and_needs_the_keys_own_signature(old, new):
    point = Point(old, new)
    point.see([old, new], [old, new])
    old.revoked = True
    assert point.see([old, new], [new], after_s=DAY) == [(State.VALID, State.MISSING)]
    assert point.see([old, new], [old], after_s=DAY) == [(State.MISSING, State.REVOKED)]
    assert not point.trusts(old)
    old.revoked = False
    assert point.each_day(90, [old, new], [old, new]) == [(State.REVOKED, State.REMOVED)]
    assert point.each_day(90, [old, new], [old, new]) == []
    assert not point.trusts(old)


def test_a_configured_key_that_was_never_seen_may_be_revoked(old, new):
    point = Point(old, new)
    old.revoked = True
    assert point.see([old, new], [old, new]) == [
        (State.VALID, State.REVOKED),
        (State.START, State.VALID),
    ]
    assert not point.trusts(old)


def test_a_strangers_revoked_key_means_nothing(old):
    point = Point(old)
    stranger = Ksk(revoked=True)
    assert point.see([old, stranger], [old, stranger]) == [(State.START, State.VALID)]
    assert point.state(stranger) is None


def test_without_keys_the_trust_point_is_deleted(old):
    point = Point(old)
    point.see([old], [old])
    old.revoked = True
    assert point.see([old], [old], after_s=DAY) == [(State.VALID, State.REVOKED)]
    assert point.problem is None
    assert anchors_of(point.point, point.configured) == []


def test_an_anchor_that_is_configured_early_is_trusted_when_it_comes(old, new):
    """As IANA's two keys were: one in the zone, one to come."""
    point = Point(old, new)
    assert point.see([old], [old]) == [(State.START, State.VALID)]
    assert point.trusts(new)
    assert point.see([old, new], [new], after_s=DAY) == [(State.START, State.VALID)]


def test_a_person_may_shorten_the_hold_down(old, new):
    """What is pending is trusted as soon as the configuration names it."""
    point = Point(old)
    point.see([old, new], [old])
    point.configured += anchors_from([new.ds(".")])
    assert point.trusts(new)
    assert point.see([old, new], [new], after_s=DAY) == [(State.ADD_PEND, State.VALID)]


def test_sha1_digests_name_no_key(old):
    point = Point(old)
    point.configured = anchors_from([old.ds(".", "SHA1")])
    assert point.see([old], [old]) == []
    rrset = key_set(".", [old], [old], START_S)
    assert refresh(point.point, point.configured, rrset, START_S, allow_sha1=True).changes


@pytest.mark.parametrize(
    ("ttl_s", "validity_s", "interval_s", "retry_s"),
    [
        (172800, 21 * DAY, 86400, 17280),
        (60, 21 * DAY, HOUR_S, HOUR_S),
        (90 * DAY, 90 * DAY, 15 * DAY, DAY),
        (90 * DAY, 4 * DAY, 2 * DAY, int(0.4 * DAY)),
    ],
)
def test_when_it_asks_again(old, ttl_s, validity_s, interval_s, retry_s):
    """RFC 5011, 2.3: half the TTL or half of what the signature lasts, 1 h to 15 days."""
    point = Point(old)
    point.see([old], [old], ttl_s=ttl_s, validity_s=validity_s)
    assert point.point.next_s == START_S + interval_s
    point.see([old], [], after_s=interval_s)
    assert point.point.next_s == point.now_s + retry_s
    assert point.point.due(point.now_s + retry_s)
    assert not point.point.due(point.now_s + retry_s - 1)
    assert point.point.due(START_S - 1), "the clock was set back"


def test_the_table_is_the_rfcs():
    assert len(TRANSITIONS) == 8
    assert not [state for state, _ in TRANSITIONS if state is State.REMOVED]
