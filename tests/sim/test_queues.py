"""Queues in front of slow links."""

from itertools import pairwise

from firstbyte.protocols.ip import Packet
from firstbyte.sim.queues import CoDel, DropTail, make_queue

MS = 1_000_000
FULL = Packet(None, bytes(1500))


def test_drop_tail_keeps_order_and_its_limit():
    queue = DropTail(3000)
    packets = [Packet(None, bytes([n]) * 1500) for n in range(3)]
    assert [queue.push(packet, packet.size, 0) for packet in packets] == [True, True, False]
    assert queue.waiting_bytes == 3000
    assert [queue.pop(0)[0].packet for _ in range(2)] == packets[:2]
    assert queue.pop(0) == (None, [])
    assert queue.waiting_bytes == 0


def test_an_empty_queue_takes_any_packet():
    assert DropTail(10).push(FULL, 1500, 0)


def run(queue, *, seconds, load):
    """Feed ``load`` packets for each one that the link takes (1 ms each); what was dropped when."""
    drops, waits = [], []
    for tick in range(seconds * 1000):
        now_ns = tick * MS
        for _ in range(load if tick % 10 else load + 1):
            queue.push(FULL, 1500, now_ns)
        packet, dropped = queue.pop(now_ns)
        drops += [tick] * len(dropped)
        waits.append(queue.waiting_bytes // 1500)
        assert packet is not None or not waits[-1]
    return drops, waits


def test_codel_leaves_a_short_queue_alone():
    queue = CoDel(1_000_000)
    for tick in range(1000):
        queue.push(FULL, 1500, tick * MS)
        packet, dropped = queue.pop(tick * MS)
        assert packet.packet is FULL
        assert dropped == []


def test_codel_drops_after_an_interval_and_then_faster():
    """RFC 8289: the first drop an interval after the wait passed the target, then 1/√n of it."""
    drops, _ = run(CoDel(10_000_000), seconds=2, load=1)
    assert 100 <= drops[0] <= 250
    gaps = [b - a for a, b in pairwise(drops)]
    assert gaps[:4] == sorted(gaps[:4], reverse=True)
    assert abs(gaps[0] - 100) <= 2
    assert abs(gaps[1] - 71) <= 2


def test_codel_forgets_when_the_queue_is_empty():
    queue = CoDel(10_000_000)
    run(queue, seconds=1, load=1)
    while queue.pop(2000 * MS)[0] is not None:
        pass
    queue.push(FULL, 1500, 3000 * MS)
    assert queue.pop(3001 * MS) == ((FULL, 1500, 3000 * MS), [])


def test_the_default_is_linux_length():
    assert make_queue("drop_tail", None, 1500).limit_bytes == 1_500_000
    assert isinstance(make_queue("codel", 1000, 1500), CoDel)
