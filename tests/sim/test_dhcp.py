"""Hosts that ask for their address: real frames on the link, leases in virtual time."""

import asyncio
import errno
import shutil
import socket
import subprocess
from dataclasses import dataclass

import pytest

from firstbyte.events import dhcp, link
from firstbyte.protocols.dhcp.client import ClientSettings
from firstbyte.sim import Deadlock, Internet
from firstbyte.sim.dhcp import DhcpOptions
from firstbyte.sim.machines import DhcpServer, DhcpSettings, Nat, Switch
from testbed.sim_programs import Echo, ask, start_peers

QUICK = DhcpOptions(client=ClientSettings(check=False, fuzz=0.0))
LEASE_S = 3600


@dataclass
class Home:
    """A laptop that asks, a router that serves and translates, and a site beyond."""

    internet: Internet
    laptop: object
    router: object
    site: object
    server: DhcpServer

    def run(self, program, limit_s=10_000):
        return self.internet.run(until=self.laptop.run(program), limit_s=limit_s)

    def told(self, kind):
        name = self.laptop.name
        return [e.what for e in self.internet.events if e.host == name and isinstance(e.what, kind)]


@pytest.fixture
def make_home():
    made = []

    def make(asks=QUICK, **settings):
        internet = Internet(seed=7)
        made.append(internet)
        laptop = internet.host("laptop", dhcp=asks)
        router = internet.host(
            "router", addresses=["192.168.1.1/24", "203.0.113.7"], forwarding=True
        )
        site = internet.host("site", addresses=["198.51.100.1"])
        internet.link(laptop, router, rtt_s=0.010)
        outside = internet.link(router, site, rtt_s=0.030).ports[0]
        Nat(router, outside, "203.0.113.7")
        chosen = {
            "address": "192.168.1.1/24",
            "first": "192.168.1.100",
            "last": "192.168.1.101",
            "lease_s": LEASE_S,
            "dns_servers": ("198.51.100.53",),
            "domain": "home.example",
        }
        server = DhcpServer(router, DhcpSettings(**(chosen | settings)))
        return Home(internet, laptop, router, site, server)

    yield make
    for internet in made:
        internet.close()


@pytest.fixture
def home(make_home):
    return make_home()


def test_a_host_that_asks_gets_everything_it_needs(home):
    home.site.run(start_peers())
    home.run(home.laptop.online())
    # Two round trips.
    assert home.internet.time_s == 0.020
    assert home.laptop.addresses == ["192.168.1.100"]
    assert home.laptop.nameservers == ["198.51.100.53"]
    assert home.laptop.search == ["home.example"]
    assert home.internet.names["laptop"] == ["192.168.1.100"]
    (answer,) = home.run(ask())
    assert "203.0.113.7" in answer
    (lease,) = home.server.leases()
    assert (lease.address, lease.host_name) == ("192.168.1.100", "laptop")


def test_before_that_the_network_is_unreachable(home):
    with pytest.raises(OSError, match="unreachable") as caught:
        home.run(ask())
    assert caught.value.errno == errno.ENETUNREACH


def test_the_frames_are_those_of_any_dhcp(home):
    home.run(home.laptop.online())
    seen = home.internet.capture(home.laptop).seen
    discover, offer, request, ack = seen[:4]
    for sent in (discover, request):
        assert sent.unit.destination == b"\xff" * 6
        header, datagram = sent.packet.ip, sent.packet.transport
        assert (header.source, header.destination) == ("0.0.0.0", "255.255.255.255")
        assert (datagram.source_port, datagram.destination_port) == (68, 67)
    for came in (offer, ack):
        # To an address that nobody has yet: past ARP.
        assert came.unit.destination == discover.unit.source
        assert came.packet.ip.destination == "192.168.1.100"


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_them(home, tmp_path):
    home.run(home.laptop.online())
    path = tmp_path / "laptop.pcapng"
    home.internet.capture(home.laptop).write(path)
    fields = ("dhcp.option.dhcp", "dhcp.ip.your", "dhcp.option.domain_name_server", "_ws.malformed")
    command = ["tshark", "-r", path, "-Y", "dhcp", "-Tfields"]
    command += [part for field in fields for part in ("-e", field)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert [line.rstrip("\t").split("\t") for line in said.splitlines()] == [
        ["1", "0.0.0.0"],
        ["2", "192.168.1.100", "198.51.100.53"],
        ["3", "0.0.0.0"],
        ["5", "192.168.1.100", "198.51.100.53"],
    ]


def test_an_address_is_probed_and_announced_before_use(make_home):
    home = make_home(DhcpOptions())
    home.run(home.laptop.online())
    # A wait of up to 1 s, two of 1 to 2 s, and 2 s to listen (RFC 5227, section 1.1).
    assert 4 < home.internet.time_s < 7.1
    home.internet.run(5)
    arps = [
        seen.unit.payload for seen in home.internet.capture(home.laptop).seen if not seen.packet
    ]
    senders = [arp.sender for arp in arps]
    assert senders == ["0.0.0.0"] * 3 + ["192.168.1.100"] * 2


def test_leases_are_renewed_in_time(home):
    home.run(home.laptop.online())
    home.internet.run(10 * LEASE_S)
    assert home.laptop.addresses == ["192.168.1.100"]
    assert home.told(link.AddressLost) == []
    asked = [m for m in home.told(dhcp.DhcpMessage) if m.kind == "DHCPREQUEST"]
    # Every half hour, and once at the start.
    assert len(asked) == 1 + 10 * 2


def test_a_world_that_waits_for_nothing_is_not_kept_alive_by_renewals(home):
    async def wait_for_ever():
        await home.laptop.online()
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock):
        home.internet.run(until=home.laptop.run(wait_for_ever()))


def test_nor_by_a_host_that_finds_no_server():
    with Internet() as internet:
        lonely = internet.host("lonely", dhcp=True)
        internet.link(lonely, internet.host("other", addresses=["192.168.1.2/24"]))
        with pytest.raises(Deadlock):
            internet.run(until=lonely.run(lonely.online()))
        assert internet.time_s >= 300


def test_the_end_of_a_lease_takes_address_routes_and_servers_away(home):
    home.run(home.laptop.online())
    home.router.crash()
    home.internet.run(LEASE_S + 1)
    assert home.laptop.addresses == []
    assert home.laptop.nameservers == []
    assert home.internet.names["laptop"] == []
    assert [(one.address, one.cause) for one in home.told(link.AddressLost)] == [
        ("192.168.1.100", "lease expired")
    ]
    with pytest.raises(OSError, match="unreachable"):
        home.run(ask())
    home.router.restart()
    home.run(home.laptop.online())
    assert home.laptop.addresses == ["192.168.1.100"]


def open_all(home):
    """A TCP connection, a connected and a bound UDP socket; all have spoken with the site."""

    async def site():
        await start_peers()
        loop = asyncio.get_running_loop()
        return await loop.create_datagram_endpoint(Echo, local_addr=("0.0.0.0", 7))

    async def laptop():
        await home.laptop.online()
        reader, writer = await asyncio.open_connection("198.51.100.1", 80)
        connected = socket.socket(type=socket.SOCK_DGRAM)
        connected.setblocking(False)
        connected.connect(("198.51.100.1", 7))
        bound = socket.socket(type=socket.SOCK_DGRAM)
        bound.setblocking(False)
        bound.bind((home.laptop.address, 0))
        for sock in (connected, bound):
            sock.sendto(b"hello", ("198.51.100.1", 7))
        return reader, writer, connected, bound

    home.internet.run(until=home.site.run(site()))
    return home.run(laptop())


def test_connections_without_their_address_hang_and_time_out_as_on_linux(home):
    """Measured on Linux 6.18 with ``ip address del``: no error until the timers give up."""
    reader, writer, connected, bound = open_all(home)
    home.laptop.dhcp.release()

    async def speak():
        writer.write(b"anybody?\n")
        await writer.drain()
        errors = []
        for sock in (connected, bound):
            with pytest.raises(OSError, match="unreachable") as caught:
                sock.sendto(b"hello", ("198.51.100.1", 7))
            errors.append(caught.value.errno)
            sock.close()
        with pytest.raises(TimeoutError):
            await reader.readline()
        return errors

    assert home.run(speak()) == [errno.ENETUNREACH] * 2
    # tcp_retries2: 15 retransmissions, 924.6 s with a round trip of 40 ms.
    assert 900 < home.internet.time_s < 1000
    drops = [event.what for event in home.internet.events if event.type == "link.dropped"]
    lost = [drop for drop in drops if drop.reason == "source_address_gone"]
    assert len(lost) == 1 + 15
    assert all(drop.packet.startswith("TCP 192.168.1.100 → ") for drop in lost)


def test_a_connection_goes_on_when_its_address_comes_back(home):
    reader, writer, *sockets = open_all(home)

    async def speak():
        home.laptop.dhcp.release()
        writer.write(b"who am I?\n")
        await asyncio.sleep(3)
        home.laptop.dhcp.renew()
        answer = await reader.readline()
        writer.close()
        for sock in sockets:
            sock.close()
        return answer

    assert b"203.0.113.7" in home.run(speak())
    assert home.internet.time_s < 10


def test_after_a_restart_the_old_address_is_confirmed(home):
    home.run(home.laptop.online())
    home.laptop.crash()
    assert home.laptop.addresses == []
    home.internet.run(10)
    home.laptop.restart()
    home.run(home.laptop.online())
    states = [state.new for state in home.told(dhcp.DhcpState)]
    assert states == ["SELECTING", "REQUESTING", "BOUND", "REBOOTING", "BOUND"]
    assert home.internet.time_s == pytest.approx(0.020 + 10 + 0.010)


def test_a_release_frees_the_address_at_the_server(home):
    home.run(home.laptop.online())
    home.laptop.dhcp.release()
    home.internet.run(1000)
    assert home.server.leases() == []
    assert home.laptop.addresses == []
    assert "INIT no lease" in repr(home.laptop.dhcp)


def test_the_servers_mtu_and_routes_count(make_home):
    home = make_home(
        mtu=1300, routes=(("198.51.100.0/24", "192.168.1.1"), ("10.0.0.0/8", "9.9.9.9"))
    )
    home.site.run(start_peers())
    home.run(home.laptop.online())
    home.run(ask())
    syn = next(
        p.transport for p in home.internet.capture(home.laptop).packets if p.ip.protocol == 6
    )
    assert syn.options.mss == 1260
    # Classless routes replace the default route (RFC 3442).
    assert home.laptop.kernel.stack.source_for("203.0.113.9") is None
    assert home.laptop.kernel.stack.source_for("10.1.1.1") is None


def test_odd_routes_and_meddling_do_no_harm(make_home):
    """A server may list the link itself, or a network twice; a program may drop the address."""
    routes = (
        ("192.168.1.0/24", "0.0.0.0"),
        ("10.0.0.0/8", "192.168.1.1"),
        ("10.0.0.0/8", "192.168.1.1"),
        ("0.0.0.0/0", "192.168.1.1"),
    )
    home = make_home(routes=routes)
    home.run(home.laptop.online())
    home.internet.run(LEASE_S)
    assert home.laptop.kernel.stack.source_for("192.168.1.9") == "192.168.1.100"
    home.laptop.remove_address("192.168.1.100")
    home.router.crash()
    home.internet.run(2 * LEASE_S)
    assert home.laptop.dhcp.lease is None
    assert home.laptop.kernel.stack.transmitter.routes.routes == []


def make_lan(internet, *names):
    switch = Switch(internet, "switch")
    router = internet.host("router", addresses=["192.168.1.1/24"])
    internet.link(router, switch)
    server = DhcpServer(
        router,
        DhcpSettings(address="192.168.1.1/24", first="192.168.1.100", last="192.168.1.102"),
    )
    hosts = [internet.host(name, dhcp=True) for name in names]
    for host in hosts:
        internet.link(host, switch)
    return switch, server, hosts


def test_an_address_that_somebody_took_is_declined():
    with Internet(seed=7) as internet:
        switch, server, (laptop,) = make_lan(internet, "laptop")
        squatter = internet.host("squatter", addresses=["192.168.1.100/24"])
        internet.link(squatter, switch)
        internet.run(until=laptop.run(laptop.online()), limit_s=100)
        assert laptop.addresses == ["192.168.1.101"]
        assert [lease.address for lease in server.leases()] == ["192.168.1.101"]
        kinds = [
            e.what.kind for e in internet.events if e.host == "laptop" and e.type == "dhcp.message"
        ]
        assert kinds[:5] == ["DHCPDISCOVER", "DHCPOFFER", "DHCPREQUEST", "DHCPACK", "DHCPDECLINE"]
        assert 10 < internet.time_s < 20


def test_hosts_that_start_at_once_get_an_address_each():
    with Internet(seed=7) as internet:
        _, server, hosts = make_lan(internet, "one", "two", "three")
        for host in hosts:
            internet.run(until=host.run(host.online()), limit_s=100)
        assert len({host.address for host in hosts}) == 3
        assert len(server.leases()) == 3


def test_two_worlds_with_one_seed_ask_alike():
    def capture():
        with Internet(seed=3) as internet:
            make_lan(internet, "one", "two")
            internet.run(100)
            return internet.capture(internet.hosts["one"]).pcapng()

    assert capture() == capture()


def test_the_server_is_for_its_own_link_alone(home):
    stranger = home.internet.host("stranger", dhcp=QUICK)
    home.internet.link(stranger, home.router)
    home.internet.run(100)
    assert stranger.addresses == []
    assert home.laptop.addresses == ["192.168.1.100"]


def test_a_host_with_an_address_is_online_at_once(home):
    home.internet.run(until=home.site.run(home.site.online()))
    assert home.internet.time_s == 0
