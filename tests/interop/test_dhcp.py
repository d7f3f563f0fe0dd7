"""DHCP against programs that others wrote: our client and dnsmasq, our server and two clients."""

import shutil
import subprocess
import time

import pytest

from firstbyte.protocols.dhcp import options
from firstbyte.protocols.dhcp.client import Check, Client, ClientSettings
from firstbyte.protocols.dhcp.inform import Informer
from firstbyte.protocols.dhcp.message import decode, encode
from firstbyte.protocols.dhcp.requests import Identity
from firstbyte.protocols.dhcp.server import Server, ServerSettings
from firstbyte.protocols.dhcp.states import State
from firstbyte.protocols.ip import Packet
from firstbyte.protocols.ip import decode as decode_packet
from firstbyte.protocols.ip.arp import REPLY, Arp, decode_arp
from firstbyte.protocols.ip.ethernet import ARP, decode_frame
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.problem import Problems
from firstbyte.sim.frames import BROADCAST, Frame, encode_unit
from testbed.namespace import Namespace, needs_namespace, received

PATH = "/usr/sbin:/sbin:/usr/bin:/bin"
SECOND = 1_000_000_000
SERVER, POOL = "192.168.77.1", ("192.168.77.50", "192.168.77.59")
pytestmark = [pytest.mark.interop, needs_namespace]


def program(name):
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture
def namespace():
    one = Namespace()
    yield one
    one.close()


class Station:
    """DHCP by raw frames on one interface; answers ARP for ``address``."""

    def __init__(self, raw, ports):
        self.raw = raw
        self.mac = raw.getsockname()[4]
        self.address = "0.0.0.0"
        self.macs = {}
        self._from_port, self._to_port = ports

    def send(self, message_bytes, destination=None, mac=None):
        header = Ipv4(self.address, destination or "255.255.255.255", 17, 64)
        packet = Packet(header, Datagram(self._from_port, self._to_port, message_bytes))
        target = mac or self.macs.get(destination, BROADCAST)
        self.raw.send(encode_unit(Frame(target, self.mac, packet)))

    def messages(self, seconds=3):
        """DHCP messages that come; ARP is answered on the way."""
        for data in received(self.raw, seconds):
            frame = decode_frame(data, Problems())
            if frame.ethertype == ARP:
                self._answer(decode_arp(frame.payload, Problems()))
                continue
            packet = decode_packet(frame.payload, checksums=False)
            datagram = packet.transport
            if isinstance(datagram, Datagram) and datagram.destination_port == self._from_port:
                self.macs[packet.ip.source] = frame.source
                problems = Problems()
                message = decode(datagram.payload, problems)
                assert [str(one) for one in problems.found] == []
                yield message, packet

    def _answer(self, asked):
        if asked.target == self.address:
            reply = Arp(REPLY, self.mac, self.address, asked.sender_mac, asked.sender)
            self.raw.send(encode_unit(Frame(asked.sender_mac, self.mac, reply)))


# --- our client, dnsmasq's server -------------------------------------------------------------


@pytest.fixture
def dnsmasq(namespace, tmp_path):
    command = (
        program("dnsmasq"),
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--port=0",
        "--interface=v0",
        "--bind-interfaces",
        f"--dhcp-range={POOL[0]},{POOL[1]},255.255.255.0,1h",
        "--dhcp-authoritative",
        "--no-ping",
        f"--dhcp-leasefile={tmp_path}/leases",
        f"--pid-file={tmp_path}/pid",
        "--domain=lan.example",
        "--dhcp-option=option:dns-server,192.168.77.53,192.168.77.54",
        "--dhcp-option=option:domain-search,lan.example,eng.lan.example",
        "--dhcp-option=option:mtu,1400",
        "--dhcp-option=option:classless-static-route,10.1.0.0/16,192.168.77.2",
        "--dhcp-option=224," + "x" * 200,
        "--user=root",
        "--log-facility=-",
    )
    namespace.run("ip", "address", "add", f"{SERVER}/24", "dev", "v0")
    process = namespace.start(*command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        lines = iter(process.stderr.readline, b"")
        assert any(b"sockets bound" in line for line in lines), "dnsmasq ended"
        yield process
    finally:
        process.terminate()
        process.communicate()


class LiveClient:
    """Our client on v1; the time is what the test says it is."""

    def __init__(self, namespace, **identity):
        self.station = Station(namespace.frames("v1"), (68, 67))
        self.client = Client(
            Identity(hardware=self.station.mac, **identity), b"live", ClientSettings(fuzz=0.0)
        )
        self.now_ns = 0
        self.seen = []

    def settle(self, done):
        """Exchange messages until ``done``."""
        self._flush()
        for message, packet in self.station.messages():
            self.seen.append((message, packet))
            self.client.receive(message, self.now_ns)
            self._flush()
            if done():
                return
        pytest.fail(f"stuck in {self.client.state}")

    def _flush(self):
        outgoing, news = self.client.take()
        for sent in outgoing:
            self.station.send(encode(sent.message), sent.destination)
        if any(isinstance(one, Check) for one in news):
            self.client.checked(self.now_ns, free=True)
            self._flush()

    def obtain(self, former=None):
        self.client.start(self.now_ns, former)
        self.settle(lambda: self.client.state is State.BOUND)
        self.station.address = self.client.lease.address
        return self.client.lease


def test_our_client_gets_renews_and_releases_a_lease_of_dnsmasq(namespace, dnsmasq):
    live = LiveClient(namespace, host_name="laptop")
    lease = live.obtain()
    assert lease.cidr.startswith("192.168.77.5")
    assert lease.prefix == 24
    assert lease.server == SERVER
    assert lease.routes == (("10.1.0.0/16", "192.168.77.2"),)
    assert lease.dns_servers == ("192.168.77.53", "192.168.77.54")
    assert lease.domain == "lan.example"
    assert lease.search == ("lan.example", "eng.lan.example")
    assert (lease.mtu, lease.lease_s) == (1400, 3600)
    # dnsmasq tells T1 and T2 itself.
    assert (lease.renew_ns, lease.rebind_ns) == (1800 * SECOND, 3150 * SECOND)
    kinds = [message.type.name for message, _ in live.seen]
    assert kinds == ["OFFER", "ACK"]
    # Unicast, before we had the address.
    assert {packet.ip.destination for _, packet in live.seen} == {lease.address}

    live.now_ns = lease.renew_ns
    live.client.poll(live.now_ns)
    assert live.client.state is State.RENEWING
    live.settle(lambda: live.client.state is State.BOUND)
    assert live.client.lease.expires_ns == live.now_ns + 3600 * SECOND
    assert live.client.lease.address == lease.address

    live.now_ns = live.client.lease.rebind_ns
    live.client.poll(live.now_ns)
    live.settle(lambda: live.client.state is State.BOUND)

    live.client.release()
    live._flush()
    live.station.address = "0.0.0.0"
    assert live.obtain().address == lease.address


def test_dnsmasq_confirms_and_refuses_what_we_remember(namespace, dnsmasq):
    live = LiveClient(namespace, broadcast=True)
    lease = live.obtain()
    assert live.seen[0][1].ip.destination == "255.255.255.255"
    again = LiveClient(namespace)
    assert again.obtain(former=lease).address == lease.address
    assert [message.type.name for message, _ in again.seen] == ["ACK"]
    moved = LiveClient(namespace)
    moved.client.start(0, type(lease)(address="10.9.8.7", prefix=8, server="10.0.0.1"))
    moved.settle(lambda: moved.client.state is State.BOUND)
    assert [message.type.name for message, _ in moved.seen] == ["NAK", "OFFER", "ACK"]


def test_dnsmasq_hears_that_an_address_is_in_use(namespace, dnsmasq):
    live = LiveClient(namespace)
    lease = live.obtain()
    live.station.address = "0.0.0.0"
    live.client.conflict(0)
    live._flush()
    live.now_ns = 10 * SECOND
    live.client.poll(live.now_ns)
    live.settle(lambda: live.client.state is State.BOUND)
    assert live.client.lease.address != lease.address


def test_dnsmasq_informs_a_host_with_an_address(namespace, dnsmasq):
    live = LiveClient(namespace)
    live.station.address = "192.168.77.200"
    wanted = (options.DNS_SERVERS, 224)
    who = Identity(hardware=live.station.mac, wanted=wanted, max_bytes=548)
    informer = Informer(who, "192.168.77.200", b"live")
    informer.start(0)
    for asked in informer.take():
        live.station.send(encode(asked))
    for message, _ in live.station.messages():
        informer.receive(message)
        if informer.answer is not None:
            break
    assert informer.answer.strings(options.DNS_SERVERS) == ("192.168.77.53", "192.168.77.54")
    assert informer.answer.get(224) == b"x" * 200
    assert options.LEASE_TIME not in informer.answer.options


# --- our server, others' clients ----------------------------------------------------------------

SCRIPT = """#!/bin/sh
[ "$1" = deconfig ] && exit 0
[ "$reason" = PREINIT ] && exit 0
env > {file}.part && mv {file}.part {file}
"""

DHCLIENT_NAMES = {
    "ip": "new_ip_address",
    "subnet": "new_subnet_mask",
    "router": "new_routers",
    "dns": "new_domain_name_servers",
    "domain": "new_domain_name",
}


@pytest.mark.parametrize("name", ["udhcpc", "dhclient"])
def test_clients_of_others_take_a_lease_of_our_server(namespace, tmp_path, name):
    told, script = tmp_path / "environment", tmp_path / "script"
    script.write_text(SCRIPT.format(file=told))
    script.chmod(0o755)
    command = {
        "udhcpc": ("-i", "v1", "-f", "-q", "-n", "-s", str(script), "-O", "search", "-O", "mtu"),
        "dhclient": (
            *("-d", "-1", "-sf", str(script), "-lf", str(tmp_path / "leases")),
            *("-pf", str(tmp_path / "pid"), "-cf", "/dev/null", "v1"),
        ),
    }[name]
    server = Server(
        ServerSettings(
            address=f"{SERVER}/24",
            first=POOL[0],
            last=POOL[1],
            lease_s=600,
            dns_servers=("192.168.77.53",),
            domain="lan.example",
            search=("lan.example", "eng.lan.example"),
            mtu=1400,
        )
    )
    station = Station(namespace.frames("v0"), (67, 68))
    station.address = SERVER
    process = namespace.start(
        program(name), *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        kinds = []
        for message, _ in station.messages(10):
            kinds.append(message.type.name)
            reply = server.receive(message, 0)
            station.send(reply.data, reply.destination, reply.hardware)
            if kinds[-1] == "REQUEST":
                break
        deadline = time.monotonic() + 5
        while not told.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        process.terminate()
        process.wait(timeout=5)
    assert kinds[-2:] == ["DISCOVER", "REQUEST"]
    (binding,) = server.leases(0)
    environment = dict(line.partition("=")[::2] for line in told.read_text().splitlines())
    expected = {"ip": POOL[0], "subnet": "255.255.255.0", "router": SERVER}
    expected |= {"dns": "192.168.77.53", "domain": "lan.example"}
    if name == "udhcpc":
        expected |= {"search": "lan.example eng.lan.example", "mtu": "1400"}
    names = DHCLIENT_NAMES if name == "dhclient" else {}
    assert {key: environment.get(names.get(key, key)) for key in expected} == expected
    assert binding.address == POOL[0]
