"""Firewalls: silence, refusals, and what a stateful one forgets."""

import asyncio

import pytest

from firstbyte.sim.machines import Firewall, Policy
from testbed.sim_programs import ask, start_peers


async def connect(timeout_s=5.0):
    async with asyncio.timeout(timeout_s):
        _, writer = await asyncio.open_connection("198.51.100.1", 80)
        writer.close()


def test_dropped_is_silence(way):
    Firewall(way.router, [Policy("drop", "tcp", port=80)])
    way.server.run(start_peers())
    with pytest.raises(TimeoutError):
        way.run(connect())
    assert way.internet.time_s == 5
    assert set(way.drops()) == {"firewall_drop"}


def test_reset_is_refusal_after_the_trip_to_the_firewall(way):
    Firewall(way.router, [Policy("reset", "tcp", target="198.51.100.0/24")])
    way.server.run(start_peers())
    with pytest.raises(ConnectionRefusedError):
        way.run(connect())
    assert way.internet.time_s == 0.010


def test_rejected_is_unreachable_at_once(way):
    Firewall(way.router, [Policy("reject", source="192.168.0.0/16")])
    way.server.run(start_peers())
    with pytest.raises(OSError, match="113"):  # EHOSTUNREACH
        way.run(connect(timeout_s=500))
    assert way.internet.time_s == 0.010
    assert "firewall_reject" in way.drops()


def test_the_first_rule_that_fits_decides(way):
    Firewall(way.router, [Policy("accept", "tcp", port=80)], default="drop", stateful=True)
    way.server.run(start_peers())
    assert len(way.run(ask())) == 1


def test_stateful_lets_answers_in_but_no_new_connection(way):
    Firewall(
        way.router,
        [Policy("accept", source="192.168.1.0/24")],
        default="drop",
        stateful=True,
    )
    way.server.run(start_peers())
    way.client.run(start_peers())
    assert len(way.run(ask())) == 1

    async def knock():
        async with asyncio.timeout(5):
            await asyncio.open_connection("192.168.1.10", 80)

    with pytest.raises(TimeoutError):
        way.internet.run(until=way.server.run(knock()), limit_s=100)


def test_an_idle_flow_is_forgotten_and_then_hangs(way):
    Firewall(way.router, [], stateful=True, idle_s=60)
    way.server.run(start_peers())
    assert len(way.run(ask(0, 59))) == 2

    async def too_idle():
        async with asyncio.timeout(100):
            await ask(0, 61)

    with pytest.raises(TimeoutError):
        way.run(too_idle())
    assert "firewall_drop" in way.drops()
