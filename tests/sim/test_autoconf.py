"""Hosts that make IPv6 addresses of what routers advertise."""

import asyncio

import pytest

from firstbyte.errors import UsageError
from firstbyte.protocols.ip.router_discovery import Prefix, RouterAdvertisement
from firstbyte.sim import Deadlock, Internet
from firstbyte.sim.dhcp import DhcpOptions
from firstbyte.sim.machines import DhcpServer, DhcpSettings, RouterAdvertiser, Switch
from testbed.sim_programs import ask, start_peers

TOLD = RouterAdvertisement(
    prefixes=(Prefix("2001:db8:1::", valid_s=7200, preferred_s=3600),),
    dns_servers=("2001:db8:53::53",),
    search=("home.example",),
    mtu=1400,
)
SITE = "2001:db8:51::1"


class Home:
    def __init__(self, internet, told=TOLD, **options):
        self.internet = internet
        self.laptop = internet.host("laptop", autoconf=True, **options)
        self.router = internet.host(
            "router", addresses=["192.168.1.1/24", "2001:db8:1::1"], forwarding=True
        )
        self.site = internet.host("site", addresses=[SITE])
        inside = internet.link(self.laptop, self.router, rtt_s=0.010).ports[1]
        internet.link(self.router, self.site, rtt_s=0.030)
        self.advertiser = RouterAdvertiser(self.router, inside, told)

    def run(self, program):
        return self.internet.run(until=self.laptop.run(program), limit_s=100_000)


@pytest.fixture
def home():
    with Internet(seed=7) as internet:
        yield Home(internet)


def told(internet, kind):
    return [e.what for e in internet.events if e.host == "laptop" and e.type == kind]


def test_a_host_makes_its_address_and_finds_its_way(home):
    home.site.run(start_peers())

    async def serve():
        return await asyncio.start_server(lambda _reader, writer: writer.close(), "::", 81)

    home.internet.run(until=home.site.run(serve()))
    home.run(home.laptop.online())
    # Two checks of a second each; up to a second before the first, and half of one for the answer.
    assert 2 < home.internet.time_s < 4
    (address,) = home.laptop.addresses
    assert address == "2001:db8:1::ff:fe01:0"
    assert home.laptop.nameservers == ["2001:db8:53::53"]
    assert home.laptop.search == ["home.example"]
    assert home.internet.names["laptop"] == [address]

    async def call():
        reader, writer = await asyncio.open_connection(SITE, 81)
        await reader.read()
        writer.close()
        return writer.get_extra_info("sockname")[0]

    assert home.run(call()) == address
    syn = next(p for p in home.internet.capture(home.site).packets if p.ip.protocol == 6)
    assert syn.transport.options.mss == 1400 - 60


def test_everything_is_told(home):
    home.run(home.laptop.online())
    gained = told(home.internet, "link.address_gained")
    assert [(one.address, one.prefix, one.given_by) for one in gained] == [
        ("fe80::ff:fe01:0", 64, None),
        ("2001:db8:1::ff:fe01:0", 64, home.advertiser.address),
    ]


def test_advertisements_keep_the_address_and_their_end_takes_it(home):
    home.run(home.laptop.online())
    home.internet.run(20_000)
    assert len(home.laptop.addresses) == 1
    home.router.crash()
    home.internet.run(7201)
    assert home.laptop.addresses == []
    assert home.laptop.kernel.stack.source_for(SITE) is None
    (lost,) = told(home.internet, "link.address_lost")
    assert lost.cause == "lifetime ended"


def test_an_address_that_somebody_has_is_not_taken():
    with Internet(seed=7) as internet:
        switch = Switch(internet, "switch")
        router = internet.host("router", addresses=["2001:db8:1::1/64"], forwarding=True)
        squatter = internet.host("squatter", addresses=["2001:db8:1::ff:fe03:0/64"])
        laptop = internet.host("laptop", autoconf=True)
        ports = [internet.link(host, switch).ports[0] for host in (router, squatter, laptop)]
        RouterAdvertiser(router, ports[0], TOLD)
        internet.run(30)
        assert laptop.addresses == []
        (lost,) = told(internet, "link.address_lost")
        assert (lost.address, lost.cause) == ("2001:db8:1::ff:fe03:0", "address in use")


def test_both_families_at_once():
    with Internet(seed=7) as internet:
        home = Home(internet, dhcp=DhcpOptions())
        DhcpServer(
            home.router,
            DhcpSettings(address="192.168.1.1/24", first="192.168.1.100", last="192.168.1.199"),
        )
        home.run(home.laptop.online())
        assert sorted(home.laptop.addresses) == ["192.168.1.100", "2001:db8:1::ff:fe01:0"]
        home.site.run(start_peers())


def test_after_a_restart_it_begins_anew(home):
    home.run(home.laptop.online())
    home.laptop.crash()
    assert home.laptop.addresses == []
    home.internet.run(1)
    home.laptop.restart()
    home.run(home.laptop.online())
    assert len(home.laptop.addresses) == 1


def test_a_world_without_a_router_ends():
    with Internet() as internet:
        lonely = internet.host("lonely", autoconf=True)
        internet.link(lonely, internet.host("other", addresses=["2001:db8::1/64"]))
        with pytest.raises(Deadlock):
            internet.run(until=lonely.run(lonely.online()))


def test_a_link_without_macs_has_no_advertisements():
    with Internet() as internet:
        router = internet.host("router", forwarding=True)
        port = internet.link(router, internet.host("other")).ports[0]
        with pytest.raises(UsageError, match="not Ethernet"):
            RouterAdvertiser(router, port, TOLD)


def test_ipv4_is_not_needed(home):
    with pytest.raises(OSError, match="unreachable"):
        home.run(ask())
