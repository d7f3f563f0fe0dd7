"""A switch: it floods what it does not know, and learns."""

import pytest

from firstbyte.sim import Internet
from firstbyte.sim.machines import Switch
from testbed.sim_programs import ask, start_peers


@pytest.fixture
def lan():
    with Internet(seed=7) as internet:
        switch = Switch(internet, "lan")
        hosts = [internet.host(f"h{n}", addresses=[f"192.168.1.{n}/24"]) for n in (1, 2, 3)]
        for host in hosts:
            internet.link(host, switch, rtt_s=0.010)
        yield internet, switch, hosts


def test_hosts_talk_through_it_and_it_learns_where_they_are(lan):
    internet, switch, (one, two, _) = lan
    two.run(start_peers())
    (answer,) = internet.run(until=one.run(ask(host="192.168.1.2")), limit_s=100)
    assert "192.168.1.1" in answer
    # ARP, the handshake, and the exchange: 20 ms each.
    assert internet.time_s == pytest.approx(0.060)
    assert set(switch.table().values()) == {"port0", "port1"}


def test_a_third_host_hears_only_what_is_flooded(lan):
    internet, _, (one, two, three) = lan
    two.run(start_peers())
    internet.run(until=one.run(ask(host="192.168.1.2")), limit_s=100)
    assert len(internet.capture(three).seen) == 1
    assert internet.capture(three).packets == ()
