"""Address conflict detection (RFC 5227): probes, announcements, defence."""

from itertools import pairwise

import pytest

from firstbyte.protocols.ip.arp import REPLY, REQUEST, Arp
from firstbyte.protocols.ip.claim import Claim, ClaimTimes, Standing
from firstbyte.protocols.tcp.timers import NEVER

SECOND = 1_000_000_000
MINE, OTHER = b"\2\0\0\0\0\1", b"\2\0\0\0\0\2"
ADDRESS = "192.0.2.7"


def make(chance=0.5, **times):
    claim = Claim(MINE, ADDRESS, [chance] * 4, ClaimTimes(**times))
    claim.start(0)
    return claim


def run(claim, until_s):
    """(seconds, sender) of everything that it sends."""
    sent = []
    while claim.deadline <= until_s * SECOND:
        now_ns = claim.deadline
        claim.poll(now_ns)
        sent += [(now_ns / SECOND, arp.sender) for arp in claim.take()]
    return sent


def test_three_probes_then_two_announcements():
    claim = make()
    none, own = "0.0.0.0", ADDRESS
    assert run(claim, 60) == [(0.5, none), (2.0, none), (3.5, none), (5.5, own), (7.5, own)]
    assert claim.standing is Standing.HELD
    assert claim.deadline == NEVER


def test_probes_are_broadcast_requests_with_nothing_to_learn_from():
    claim = make(probe_wait_ns=0)
    (probe,) = claim.take()
    assert probe == Arp(REQUEST, MINE, "0.0.0.0", bytes(6), ADDRESS)


@pytest.mark.parametrize("chance", [0.01, 0.99])
def test_waits_stay_within_the_rfcs_limits(chance):
    times = [at_s for at_s, _ in run(make(chance), 60)]
    assert 0 <= times[0] <= 1
    waits = [after - before for before, after in pairwise(times)]
    assert all(1 <= wait <= 2 for wait in waits[:2])
    assert waits[2] == pytest.approx(2)


@pytest.mark.parametrize(
    "arp",
    [
        Arp(REPLY, OTHER, ADDRESS, MINE, "0.0.0.0"),
        Arp(REQUEST, OTHER, ADDRESS, bytes(6), "192.0.2.1"),
        Arp(REQUEST, OTHER, "0.0.0.0", bytes(6), ADDRESS),
    ],
    ids=["an answer", "a use", "a probe at the same time"],
)
def test_whoever_else_shows_the_address_has_it(arp):
    claim = make()
    run(claim, 1)
    claim.receive(arp, SECOND)
    assert claim.standing is Standing.IN_USE
    assert run(claim, 60) == []


@pytest.mark.parametrize(
    "arp",
    [
        Arp(REQUEST, MINE, "0.0.0.0", bytes(6), ADDRESS),
        Arp(REQUEST, OTHER, "192.0.2.1", bytes(6), ADDRESS),
        Arp(REPLY, OTHER, "192.0.2.1", MINE, ADDRESS),
    ],
    ids=["our own", "somebody asks for it", "another address"],
)
def test_what_is_no_conflict(arp):
    claim = make()
    claim.receive(arp, 0)
    assert claim.standing is Standing.PROBING


def test_it_is_defended_once_in_ten_seconds_and_then_given_up():
    claim = make()
    run(claim, 60)
    thief = Arp(REQUEST, OTHER, ADDRESS, bytes(6), ADDRESS)
    claim.receive(thief, 100 * SECOND)
    assert [arp.sender for arp in claim.take()] == [ADDRESS]
    claim.receive(thief, 111 * SECOND)
    assert [arp.sender for arp in claim.take()] == [ADDRESS]
    assert claim.standing is Standing.HELD
    claim.receive(thief, 112 * SECOND)
    assert claim.take() == []
    assert claim.standing is Standing.LOST


def test_a_held_address_is_announced_without_probes():
    claim = Claim(MINE, ADDRESS, [0.5] * 4)
    claim.hold(0)
    assert [arp.sender for arp in claim.take()] == [ADDRESS]
    assert run(claim, 60) == [(2.0, ADDRESS)]
