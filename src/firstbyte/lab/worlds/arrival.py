"""A laptop that has just come home: it has no address, and asks.

::

    client ── home ── isp ── exchange ── the sites and the DNS

As the default world, but the home's network is Ethernet: the client asks by DHCP, probes by ARP
whether the address is free, and makes an IPv6 address of what the router advertises. Programs
begin when it has both, after some six seconds. The first packet to the router waits for its MAC:
a millisecond; over IPv6 the router asks for the client's, too.
"""

from firstbyte.lab.backbone import ISP, RESOLVER, Access, build_backbone, router
from firstbyte.lab.lesson import Lesson
from firstbyte.lab.world import World
from firstbyte.protocols.ip.router_discovery import Prefix, RouterAdvertisement
from firstbyte.sim import Internet
from firstbyte.sim.machines import DhcpServer, DhcpSettings, Nat, RouterAdvertiser

TITLE = "A laptop that just came home: DHCP, ARP, IPv6 autoconfiguration"
LESSONS = (
    Lesson("", "The router's MAC is asked for first: a millisecond, once."),
    Lesson("https://far.example/", "IPv6, from an address made of the router's prefix."),
    Lesson("dns shop.example", "The name server is the one that DHCP told."),
)
HOME_RTT_S = 0.001
ACCESS_RTT_S = 0.008
INSIDE = "192.168.1.1/24"
HOME_ADDRESS = "203.0.113.10"
PREFIX = "2001:db8:113:1::"


def build(seed: int) -> World:
    """The world, not yet started."""
    internet = Internet(seed)
    client = internet.host("client", dhcp=True, autoconf=True)
    home = router(internet, "home", INSIDE, HOME_ADDRESS)
    isp = router(internet, "isp", *ISP)
    inside = internet.link(client, home, rtt_s=HOME_RTT_S).ports[1]
    access = internet.link(home, isp, rtt_s=ACCESS_RTT_S)
    home.add_address(f"{PREFIX}1/64", inside.name)
    Nat(home, access.ports[0], HOME_ADDRESS)
    DhcpServer(
        home,
        DhcpSettings(
            address=INSIDE,
            first="192.168.1.100",
            last="192.168.1.199",
            dns_servers=(RESOLVER[0],),
            domain="home.arpa",
        ),
    )
    RouterAdvertiser(home, inside, RouterAdvertisement(prefixes=(Prefix(PREFIX),)))
    return build_backbone("arrival", TITLE, Access(client, isp, HOME_RTT_S + ACCESS_RTT_S))
