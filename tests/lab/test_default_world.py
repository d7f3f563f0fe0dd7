"""The default world: its sites answer, at their distance, by real names and certificates."""

import tempfile

import pytest

from firstbyte.cli.shell.dns_asking import configuration
from firstbyte.client.options import HttpOptions, ResolveOptions, TraceOptions
from firstbyte.client.trace import trace
from firstbyte.errors import UsageError
from firstbyte.lab.authority import Wish
from firstbyte.lab.worlds import build_world, world_names
from firstbyte.protocols.dns import constants, walker
from firstbyte.protocols.dns.names import to_text
from firstbyte.resolver.query.iterate import iterate
from firstbyte.resolver.query.words import parse, reverse_name


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
    for server in ("root", "tld", "ns"):
        # By either family: which one is the resolver's choice.
        assert asked & set(world.internet.hosts[server].addresses), server


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


def walked(world, name, rdtype="A"):
    """The verdict and the chain of ``firstbyte dns --iterative``, on the world's client."""

    async def walk():
        keys = ("root_hints", "trust_anchor", "plain_case", "qname_minimisation", "maps")
        given = dict.fromkeys(keys) | {"maps": ()}
        return await iterate(parse((name, rdtype)), configuration(given))

    return world.run(walk())


def test_the_sites_zones_are_proved_from_the_root(world):
    outcome = walked(world, "shop.example")
    assert outcome.verdicts == ("secure",)
    assert [link.zone for link in outcome.chain] == [".", "example.", "shop.example."]
    assert {link.verdict for link in outcome.chain} == {"secure"}


def test_a_name_that_is_not_there_is_proved_absent(world):
    outcome = walked(world, "nothing.shop.example")
    assert outcome.verdicts == ("secure",)
    assert walker.decode(outcome.exchanges[0].response).rcode == constants.NXDOMAIN


def test_one_zone_is_insecure_and_its_parent_proves_it(world):
    outcome = walked(world, "slow.example")
    assert outcome.verdicts == ("insecure",)
    assert outcome.chain[-1].denial == "NSEC"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("198.51.100.80", "shop.example."),
        ("203.0.113.1", "isp.isp.example."),
        ("192.0.2.1", "a.root-servers.example."),
        ("2001:db8:51::20", "near.example."),
    ],
)
def test_addresses_have_names(world, address, name):
    outcome = walked(world, reverse_name(address), "PTR")
    message = walker.decode(outcome.exchanges[0].response)
    assert [to_text(record.rdata) for record in message.answer if record.rdtype == 12] == [name]
    assert outcome.verdicts == ("secure",)


def test_ipv6_is_taken_where_a_site_has_it(world):
    journey = world.run(trace("https://near.example/"))
    assert hop(journey).remote_ip == "2001:db8:51::20"
    assert hop(world.run(trace("https://six.example/"))).status == 200


def test_ipv6_goes_through_the_home_untranslated(world):
    world.run(trace("https://near.example/"))
    near = world.internet.hosts["near"]
    sources = {packet.ip.source for packet in world.internet.capture(near).packets}
    assert "2001:db8:113:1::10" in sources


def test_signatures_are_the_same_for_the_same_seed_alone():
    def signed(seed):
        with build_world(seed=seed) as world:
            outcome = walked(world, "shop.example")
            return outcome.exchanges[0].response[2:], world.internet.dns_anchors

    assert signed(3) == signed(3)
    assert signed(3)[1] != signed(4)[1]


def test_a_trace_from_the_root_is_proved(world):
    options = TraceOptions(resolve=ResolveOptions(mode="iterative", dnssec=True))
    journey = world.run(trace(world.default_url, options))
    assert hop(journey).dns.security == "secure"


def test_certificates_are_the_same_for_the_same_seed_alone():
    def chain(seed):
        with build_world(seed=seed) as world:
            return world.authority.issue(Wish(("shop.example",))).certificates

    assert chain(3) == chain(3)
    assert chain(3) != chain(4)


def test_a_world_puts_nothing_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with build_world() as world:
        assert world.run(trace("https://shop.example/")).outcome.ok
        assert list(tmp_path.iterdir()) == []
