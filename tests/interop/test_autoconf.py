"""Router advertisements against others: dnsmasq's to us, ours to the Linux kernel."""

import shutil
import subprocess
import time

import pytest

from firstbyte.protocols.ip import Packet
from firstbyte.protocols.ip import decode as decode_packet
from firstbyte.protocols.ip.addresses import multicast_mac
from firstbyte.protocols.ip.autoconf import Autoconf, Gained, formed
from firstbyte.protocols.ip.ethernet import IPV6, decode_frame
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.ipv6 import Ipv6
from firstbyte.protocols.ip.packet import ICMPV6
from firstbyte.protocols.ip.router_discovery import (
    Prefix,
    RouterAdvertisement,
    decode_router_advertisement,
    decode_router_solicitation,
    encode_router_advertisement,
)
from firstbyte.protocols.problem import Problems
from firstbyte.sim.frames import Frame, encode_unit
from testbed.namespace import Namespace, needs_namespace, received

SECOND = 1_000_000_000
pytestmark = [pytest.mark.interop, needs_namespace]


@pytest.fixture
def namespace():
    one = Namespace()
    yield one
    one.close()


def messages(raw, seconds=5):
    """(ICMPv6 message, source) of what comes from the link."""
    for data in received(raw, seconds):
        frame = decode_frame(data, Problems())
        packet = decode_packet(frame.payload) if frame.ethertype == IPV6 else None
        if packet is not None and isinstance(packet.transport, Icmpv6):
            assert packet.problems == ()
            yield packet.transport, packet.ip.source


def send(raw, outgoing):
    source = raw.getsockname()[4]
    packet = Packet(Ipv6(outgoing.source, outgoing.destination, ICMPV6, 255), outgoing.message)
    raw.send(encode_unit(Frame(multicast_mac(outgoing.destination), source, packet)))


def test_we_take_an_address_from_dnsmasq(namespace, tmp_path):
    dnsmasq = shutil.which("dnsmasq", path="/usr/sbin:/usr/bin")
    if dnsmasq is None:
        pytest.skip("dnsmasq is not installed")
    # Its link-local address at once: an advertisement from any other is none.
    namespace.run("ip", "link", "set", "v0", "down")
    namespace.run("sysctl", "-qw", "net.ipv6.conf.v0.accept_dad=0")
    namespace.run("ip", "link", "set", "v0", "up")
    namespace.run("ip", "address", "add", "2001:db8:77::1/64", "dev", "v0", "nodad")
    process = namespace.start(
        *(dnsmasq, "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root"),
        *("--interface=v0", "--bind-interfaces", "--enable-ra", "--log-facility=-"),
        *("--dhcp-range=2001:db8:77::,ra-only,64,3600", f"--pid-file={tmp_path}/pid"),
        *("--dhcp-option=option6:dns-server,[2001:db8:77::53]", "--ra-param=v0,mtu:1400,60,1200"),
        *("--dhcp-option=option6:domain-search,lan.example", f"--dhcp-leasefile={tmp_path}/leases"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        raw = namespace.frames("v1")
        mac = raw.getsockname()[4]
        machine = Autoconf(mac, 0.0)
        machine.start(0)
        machine.poll(SECOND)
        for outgoing in machine.take()[0]:
            send(raw, outgoing)
        told = next(
            (found, source)
            for message, source in messages(raw)
            if (found := decode_router_advertisement(message, Problems())) is not None
        )
    finally:
        process.terminate()
        process.wait(timeout=5)
    advertisement, router = told
    assert advertisement.mtu == 1400
    assert advertisement.lifetime_s == 1200
    assert advertisement.dns_servers == ("2001:db8:77::53",)
    assert advertisement.search == ("lan.example",)
    machine.advertised(advertisement, router, 2 * SECOND)
    machine.poll(3 * SECOND)
    (gained,) = [one for one in machine.take()[1] if isinstance(one, Gained)]
    assert gained.address == formed("2001:db8:77::", mac)
    assert gained.router == router


def test_linux_takes_an_address_from_us(namespace):
    raw = namespace.frames("v0")
    mac = bytes.fromhex("020000000077")
    namespace.run("ip", "link", "set", "v1", "down")
    settings = ("accept_ra=2", "autoconf=1", "accept_dad=1", "router_solicitation_delay=0")
    for setting in settings:
        namespace.run("sysctl", "-qw", f"net.ipv6.conf.v1.{setting}")
    namespace.run("ip", "link", "set", "v1", "address", mac.hex(":"), "addrgenmode", "eui64")
    namespace.run("ip", "link", "set", "v1", "up")
    told = RouterAdvertisement(
        prefixes=(Prefix("2001:db8:78::", valid_s=7200, preferred_s=3600),), mtu=1400
    )
    solicited = False
    for message, source in messages(raw, 8):
        solicitation = decode_router_solicitation(message, Problems())
        if solicitation is not None:
            assert source == formed("fe80::", mac)
            assert solicitation.source_mac == mac
            solicited = True
            packet = Packet(
                Ipv6("fe80::77", "ff02::1", ICMPV6, 255), encode_router_advertisement(told)
            )
            ours = raw.getsockname()[4]
            raw.send(encode_unit(Frame(multicast_mac("ff02::1"), ours, packet)))
            break
    assert solicited
    address = formed("2001:db8:78::", mac)
    deadline = time.monotonic() + 5
    while address not in (said := namespace.run("ip", "-6", "address", "show", "dev", "v1")):
        assert time.monotonic() < deadline, said
        time.sleep(0.02)
    routes = namespace.run("ip", "-6", "route", "show", "default")
    assert "via fe80::77 dev v1" in routes
    assert "mtu 1400" in namespace.run(
        "ip", "-6", "route", "show", "dev", "v1"
    ) + routes + said or (namespace.run("sysctl", "-n", "net.ipv6.conf.v1.mtu").strip() == "1400")
