"""Computed times against appointments: a wire with an idle model of loss takes the long way."""

from hypothesis import given
from hypothesis import strategies as st

from firstbyte.protocols.ip import Packet
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.sim.agenda import Agenda
from firstbyte.sim.clock import Clock
from firstbyte.sim.links import Medium, Port, Wire, WireOptions
from firstbyte.sim.losses import NthLoss

UNIT_NS = 8_000_000
"""What 1,000 bytes take at 1 Mbit/s: times in whole units coincide often."""

settings = st.fixed_dictionaries(
    {},
    optional={
        "rate_bps": st.sampled_from([1e6, 0.5e6, None]),
        "delay_s": st.sampled_from([0, 0.008, 0.02, 0.1]),
        "queue_bytes": st.sampled_from([0, 1000, 3000, 100_000]),
        "jitter_s": st.sampled_from([0, 0.05]),
    },
)
steps = st.one_of(
    st.tuples(st.just("send"), st.integers(0, 30), st.sampled_from([100, 1000, 1500])),
    st.tuples(st.just("set"), st.integers(0, 30), settings),
    st.tuples(st.just("cut"), st.integers(0, 30), st.booleans()),
)


class Node:
    """An end that writes down what comes, and answers in kind what it is told to."""

    forwarding = False

    def __init__(self, name, clock, seen):
        self.name, self._clock, self._seen = name, clock, seen

    def receive(self, port, unit):
        self._seen.append((self._clock.now_ns, unit.transport.source_port))


def packet(number, size):
    return Packet(Ipv4("10.0.0.1", "10.0.0.2", 17, 64), Datagram(number, 9, bytes(size - 28)))


def run(schedule, first, loss):
    """Everything that arrives and is dropped, with its time and in its order."""
    clock, seen = Clock(), []
    agenda = Agenda(clock)

    def on_drop(unit, reason, _where):
        seen.append((clock.now_ns, unit.transport.source_port, reason))

    ends = [Port(Node(name, clock, seen), "eth0") for name in ("left", "right")]
    options = WireOptions().changed(loss=loss, **first)
    wire = Wire(Medium(clock, agenda, 1, [], on_drop), *ends, options)

    def act(number, kind, what):
        if kind == "send":
            wire.send(packet(number, what))
        elif kind == "set":
            wire.set(loss=loss, **what)
        else:
            wire.up = what

    for number, (kind, units, what) in enumerate(schedule):
        # Older than any transmission, as a packet that has crossed another link would be.
        agenda.post(units * UNIT_NS // 2, -1, lambda todo: act(*todo), (number, kind, what))
    while agenda.run_next():
        pass
    return seen


@given(st.lists(steps, max_size=40), settings)
def test_a_pipe_does_what_appointments_do(schedule, first):
    assert run(schedule, first, 0.0) == run(schedule, first, NthLoss(()))


def test_an_older_appointment_is_before_the_end_of_a_transmission_at_the_same_time():
    """So what it sends finds the queue as it was until then."""
    first = {"rate_bps": 1e6, "queue_bytes": 1000, "delay_s": 0.1}
    sent = [("send", 0, 1000), ("send", 1, 1000), ("send", 2, 1000), ("send", 3, 1000)]
    assert run(sent, first, 0.0) == [
        (UNIT_NS, 2, "queue_full"),
        (UNIT_NS + 100_000_000, 0),
        (2 * UNIT_NS + 100_000_000, 1),
        (3 * UNIT_NS + 100_000_000, 3),
    ]
