"""Links one packet at a time: delay, rate, queue, duplication, corruption, rules, direction."""

from itertools import pairwise

import pytest

from firstbyte.protocols.ip import Packet
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.sim import ChosenLoss, Internet, delay, drop
from firstbyte.sim.links import Port


class Probe:
    """A node that writes down what comes."""

    forwarding = False
    addresses = ()

    def __init__(self, name, internet):
        self.name = name
        self.internet = internet
        self.got = []

    def new_port(self, mtu, *, ethernet):
        self.port = Port(self, "eth0", mtu)
        return self.port

    def receive(self, port, unit):
        self.got.append((self.internet.clock.now_ns, unit))

    def times(self):
        return [at_ns / 1e9 for at_ns, _ in self.got]

    def numbers(self):
        return [unit.transport.source_port for _, unit in self.got]


def packet(number, size=1000):
    return Packet(Ipv4("10.0.0.1", "10.0.0.2", 17, 64), Datagram(number, 9, bytes(size - 28)))


@pytest.fixture
def world():
    with Internet(seed=1) as internet:
        yield internet


def connect(internet, **settings):
    left, right = Probe("left", internet), Probe("right", internet)
    link = internet.link(left, right, **settings)
    return left, right, link


def send(internet, node, count, size=1000):
    for number in range(count):
        node.port.send(packet(number, size))
    internet.run(until=100)


def test_delay_is_exact(world):
    left, right, _ = connect(world, delay_s=0.123456789)
    send(world, left, 1)
    assert right.got[0][0] == 123_456_789


def test_the_rate_spaces_packets(world):
    left, right, _ = connect(world, delay_s=0.01, rate_bps=1e6)
    send(world, left, 3)
    assert right.times() == pytest.approx([0.018, 0.026, 0.034])


def test_a_full_queue_drops_the_newest(world):
    left, right, _ = connect(world, rate_bps=1e6, queue_bytes=2000)
    send(world, left, 5)
    assert right.numbers() == [0, 1, 2]
    assert [event.what.reason for event in world.events] == ["queue_full", "queue_full"]


def test_jitter_keeps_the_order(world):
    left, right, _ = connect(world, delay_s=0.05, jitter_s=0.04)
    for number in range(200):
        left.port.send(packet(number))
        world.run(until=0.005)
    world.run(until=1)
    assert right.numbers() == list(range(200))
    flights = [at - number / 200 for at, number in zip(right.times(), range(200), strict=True)]
    assert min(flights) >= 0.01
    assert max(flights) <= 0.0901
    assert max(flights) - min(flights) > 0.02


def test_reordering_holds_some_back(world):
    left, right, _ = connect(world, delay_s=0.05, reorder=0.2)
    for number in range(200):
        left.port.send(packet(number))
        world.run(until=0.001)
    world.run(until=1)
    assert sorted(right.numbers()) == list(range(200))
    overtaken = sum(b < a for a, b in pairwise(right.numbers()))
    assert 15 < overtaken < 60


def test_duplicates(world):
    left, right, _ = connect(world, duplicate=1.0)
    send(world, left, 2)
    assert right.numbers() == [0, 0, 1, 1]


def test_corruption_turns_one_bit(world):
    left, right, _ = connect(world, corrupt=1.0)
    send(world, left, 50)
    broken = [unit for _, unit in right.got if unit.problems]
    assert len(right.got) == 50
    assert len(broken) >= 45


def test_directions_differ(world):
    left, right, _ = connect(world, rtt_s=0.02, back={"delay_s": 0.5})
    left.port.send(packet(0))
    right.port.send(packet(1))
    world.run(until=1)
    assert right.times() == [0.01]
    assert left.times() == [0.5]


def test_too_big_a_packet_vanishes(world):
    left, right, _ = connect(world, mtu=500)
    send(world, left, 1)
    assert right.got == []
    assert world.events[0].what.reason == "mtu"


def test_chosen_packets_are_lost(world):
    left, right, _ = connect(world, loss=ChosenLoss(lambda one: one.transport.source_port == 1))
    send(world, left, 3)
    assert right.numbers() == [0, 2]


def test_rules_pass_delay_and_drop(world):
    left, right, link = connect(world, delay_s=0.01)

    def rule(transit):
        number = transit.packet.transport.source_port
        assert (transit.sender, transit.receiver) == ("left", "right")
        return {0: delay(1.0), 1: drop("because")}.get(number)

    link.rule(rule)
    send(world, left, 3)
    assert right.numbers() == [2, 0]
    assert right.times() == [0.01, 1.01]
    assert world.events[0].what.reason == "because"


def test_a_rule_of_the_world_can_be_taken_back(world):
    left, right, _ = connect(world)
    take_back = world.rule(lambda transit: drop("all"))
    send(world, left, 1)
    take_back()
    send(world, left, 1)
    assert len(right.got) == 1


def test_a_cut_link_loses_what_is_on_its_way(world):
    left, right, link = connect(world, delay_s=1)
    left.port.send(packet(0))
    world.run(until=0.5)
    link.cut()
    world.run(until=1)
    link.mend()
    send(world, left, 1)
    assert len(right.got) == 1


def test_settings_change_while_packets_wait(world):
    left, right, link = connect(world, delay_s=0, rate_bps=8000)
    for number in range(3):
        left.port.send(packet(number))
    world.run(until=1.5)
    link.set(rate_bps=8e6)
    world.run(until=10)
    assert right.numbers() == [0, 1, 2]
    assert right.times() == pytest.approx([1, 2, 2.001])


@pytest.mark.parametrize(
    "settings",
    [
        {"rtt_s": 1, "delay_s": 1},
        {"delay_s": -1},
        {"rate_bps": 0},
        {"loss": 2},
        {"duplicate": -0.1},
        {"queue": "red"},
    ],
)
def test_impossible_settings_are_refused(world, settings):
    with pytest.raises(ValueError, match=r"."):
        connect(world, **settings)
