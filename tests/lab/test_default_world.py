"""The default world: its sites answer, at their distance, by real names and certificates."""

import pytest

from firstbyte.client.options import HttpOptions, TraceOptions
from firstbyte.client.trace import trace
from firstbyte.errors import UsageError
from firstbyte.lab.worlds import build_world, world_names


@pytest.fixture
def world():
    with build_world() as world:
        yield world


def hop(journey):
    assert journey.outcome.ok, journey.outcome
    assert journey.network == "simulated"
    return journey.hops[-1]


def test_every_site_answers_over_its_versions(world):
    for site in world.sites:
        journey = world.run(trace(site.url))
        assert hop(journey).status == 200, site.name


def test_servers_start_in_no_virtual_time(world):
    assert world.internet.time_s == 0


def test_the_resolver_walks_from_the_root(world):
    world.run(trace(world.default_url))
    resolver = world.internet.hosts["resolver"]
    asked = {packet.ip.destination for packet in world.internet.capture(resolver).packets}
    assert {"192.0.2.1", "192.0.2.2", "192.0.2.3"} <= asked


@pytest.mark.parametrize("version", ["1.1", "2", "3"])
def test_the_version_that_is_asked_for(world, version):
    options = TraceOptions(http=HttpOptions(version=version, only=version == "3"))
    journey = world.run(trace("https://h3.shop.example/", options))
    assert hop(journey).http_version == version


def test_plain_http_is_sent_to_https(world):
    options = TraceOptions(http=HttpOptions(follow=True))
    journey = world.run(trace("http://shop.example/bytes/5", options))
    assert [one.url for one in journey.hops] == [
        "http://shop.example/bytes/5",
        "https://shop.example/bytes/5",
    ]
    assert hop(journey).status == 200


def test_a_name_that_does_not_exist(world):
    journey = world.run(trace("https://nowhere.example/"))
    assert journey.outcome.error.id == "dns.nxdomain"


def test_the_default_world_comes_first():
    assert world_names()[0] == "default"


def test_an_unknown_world_is_refused_with_a_hint():
    with pytest.raises(UsageError, match="nope") as caught:
        build_world("nope")
    assert "default" in caught.value.hint


def test_the_internet_sees_the_home_s_public_address(world):
    world.run(trace(world.default_url))
    shop = world.internet.hosts["shop"]
    sources = {packet.ip.source for packet in world.internet.capture(shop).packets}
    assert sources == {"203.0.113.10", "198.51.100.80"}


@pytest.mark.parametrize(
    ("name", "trips"),
    [("h1.near.example", 3), ("near.example", 3), ("h3.near.example", 2), ("h1.far.example", 3)],
)
def test_the_first_byte_comes_after_exactly_its_round_trips(world, name, trips):
    """TCP, TLS 1.3 and the request are a trip each; QUIC does without the first."""
    http3 = HttpOptions(version="3", only=True) if name.startswith("h3") else HttpOptions()
    journey = world.run(trace(f"https://{name}/", TraceOptions(http=http3)))
    (one,) = journey.hops
    asked_ms = one.phases.dns.start_ms + one.phases.dns.duration_ms
    connected_ms = trips * world.site(name).rtt_s * 1000
    assert one.first_byte_ms - asked_ms == pytest.approx(connected_ms, abs=1e-6)


def test_equal_seeds_give_equal_journeys():
    def facts():
        with build_world(seed=3) as world:
            journey = world.run(trace("http://shop.example/"))
            return [(event.at_ns, event.type) for event in journey.events]

    assert facts() == facts()
