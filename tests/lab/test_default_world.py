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
