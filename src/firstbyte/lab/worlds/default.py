"""The default world: a home, an ISP, the DNS from its root, and sites near and far.

::

    client ── home ── isp ── exchange ── near (20 ms), shop, media (80 ms), far (200 ms)
                       │          └───── root, tld, ns: the DNS
                    resolver

The home router translates IPv4 addresses: the internet sees 203.0.113.10; IPv6 goes through as it
is. Times are round trips from the client. No link loses packets or limits the rate, so every wait
in a trace is a round trip or a server's own time.
"""

from firstbyte.lab.backbone import ISP, RESOLVER, Access, build_backbone, router
from firstbyte.lab.lesson import Lesson
from firstbyte.lab.world import World
from firstbyte.sim import Internet
from firstbyte.sim.machines import Nat

TITLE = "A home, an ISP, a signed DNS, and sites at 20, 80 and 200 ms"
LESSONS = (
    Lesson("", "A page over cold names, TCP and TLS: five round trips."),
    Lesson("--http3-only https://h3.shop.example/", "QUIC: one round trip less."),
    Lesson("https://far.example/", "IPv6 first, where a site has it."),
    Lesson("dns --iterative shop.example", "The walk from the root, and the chain of trust."),
    Lesson("dns --iterative slow.example", "A zone that its parent proves to be unsigned."),
    Lesson("--fault tcp.ipv6_broken https://near.example/", "A fault.", finds="tcp.ipv6_broken"),
)
HOME_RTT_S = 0.001
ACCESS_RTT_S = 0.008
HOME_ADDRESS = "203.0.113.10"


def build(seed: int) -> World:
    """The world, not yet started."""
    internet = Internet(seed)
    client = internet.host(
        "client", addresses=["192.168.1.10", "2001:db8:113:1::10"], nameservers=[RESOLVER[0]]
    )
    home = router(internet, "home", "192.168.1.1", HOME_ADDRESS, "2001:db8:113:1::1")
    isp = router(internet, "isp", *ISP)
    internet.link(client, home, rtt_s=HOME_RTT_S)
    access = internet.link(home, isp, rtt_s=ACCESS_RTT_S)
    Nat(home, access.ports[0], HOME_ADDRESS)
    return build_backbone("default", TITLE, Access(client, isp, HOME_RTT_S + ACCESS_RTT_S))
