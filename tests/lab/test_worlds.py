"""Every world: it can be drawn, it starts, and what it promises to teach is what commands show."""

import json
import shlex

import pytest

from firstbyte.cli.shell.entry import run
from firstbyte.client.options import LimitOptions, TraceOptions
from firstbyte.client.trace import trace
from firstbyte.events.link import PacketDropped
from firstbyte.lab.drawing import draw_lessons, draw_topology, host_rows
from firstbyte.lab.worlds import build_world, world_lessons, world_names, world_title

LESSONS = [(name, lesson) for name in world_names() for lesson in world_lessons(name)]
TRACED = [(name, one) for name, one in LESSONS if not one.words.startswith("dns ")]
ASKED = [(name, one) for name, one in LESSONS if one.words.startswith("dns ")]


@pytest.mark.parametrize(("world", "lesson"), TRACED, ids=lambda one: str(one)[:60])
def test_a_trace_shows_what_the_world_teaches(capsys, world, lesson):
    run([f"--lab={world}", *shlex.split(lesson.words), "--json"])
    journey = json.loads(capsys.readouterr().out)
    found = {finding["id"] for finding in journey["findings"]}
    if lesson.finds is None:
        assert journey["outcome"]["ok"]
        assert "tcp.loss" not in found
    else:
        assert lesson.finds in found


@pytest.mark.parametrize(("world", "lesson"), ASKED, ids=lambda one: str(one)[:60])
def test_a_question_is_answered_there(capsys, world, lesson):
    assert run([f"--lab={world}", *shlex.split(lesson.words)]) == 0
    assert "NOERROR" in capsys.readouterr().out


@pytest.mark.parametrize("name", world_names())
@pytest.mark.parametrize("width", [80, 120])
def test_a_drawing_holds_every_host_and_site_within_the_width(name, width):
    world = build_world(name)
    lines = draw_topology(world, width) + draw_lessons(name, world_lessons(name), width)
    world.close()
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    assert all(f"─ {host} " in text for host in world.internet.hosts if host != "client")
    assert all(site.url in text for site in world.sites)
    assert "…" not in text
    assert all(len("  ".join(row)) <= 80 for row in host_rows(world))
    assert world.title == world_title(name)
    assert len(f"  satellite  {world.title}") <= 80


def test_the_links_qualities_are_written_for_both_ways():
    world = build_world("satellite")
    lines = draw_topology(world, 100)
    world.close()
    words = "└─ 598 ms, 3/20 Mbit/s, queue 4/0.6 s, loss 0.66 % in bursts ─ isp (router)"
    assert any(words in line for line in lines)


def test_what_the_carrier_forgets_never_arrives_over_ipv4():
    """The answer is dropped where addresses are translated."""
    options = TraceOptions(limits=LimitOptions(max_time_s=120.0))
    with build_world("mobile") as world:
        journey = world.run(trace("https://shop.example/slow/60", options))
        happened = [event.what for event in world.internet.events]
    assert journey.outcome.error.id == "deadline.total"
    drops = [what for what in happened if isinstance(what, PacketDropped)]
    assert {drop.reason for drop in drops} == {"nat_no_mapping"}


def test_the_office_s_proxy_speaks_http_1_alone_where_it_inspects():
    with build_world("office") as world:
        tunnelled = world.run(trace("https://shop.example/"))
        inspected = world.run(trace("https://far.example/"))
    assert tunnelled.hops[-1].http_version == "2"
    issuer = inspected.hops[-1].tls.certificates[0].issuer
    assert "Corp inspection" in issuer


def test_the_office_knows_names_that_the_outside_does_not(capsys):
    words = ["dns", "intranet.corp.example", "+short"]
    assert run(["--lab=office", *words]) == 0
    assert capsys.readouterr().out.split() == ["10.1.0.80"]
    assert run(["--lab", *words]) == 0
    assert capsys.readouterr().out == ""


def test_plain_http_goes_through_the_office_s_proxy(capsys):
    assert run(["--lab=office", "-L", "-q", "http://shop.example/bytes/10"]) == 0
    assert "200 OK" in capsys.readouterr().out
    assert run(["--lab=office", "-q", "http://stream.example/"]) == 0
    assert "403 Forbidden" in capsys.readouterr().out


def test_a_client_that_asks_has_its_addresses_before_anything_runs():
    took_ms = []
    for name in ("arrival", "default"):
        with build_world(name) as world:
            began_s, addresses = world.internet.time_s, world.client.addresses
            dns = world.run(trace("https://shop.example/")).hops[0].phases.dns
            took_ms.append(dns.duration_ms)
        if name == "arrival":
            assert set(addresses) == {"192.168.1.100", "2001:db8:113:1:0:ff:fe01:0"}
            # DHCP's two round trips and RFC 5227's probes.
            assert 4 < began_s < 8
    # The first question waits for the router's MAC: one round trip at home.
    assert took_ms[0] - took_ms[1] == pytest.approx(1.0)
