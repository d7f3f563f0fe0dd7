"""A mobile network: a delay that swings, a queue that is far too deep, and shared addresses.

::

    client ── cell ── cgnat ── isp ── exchange ── the sites and the DNS
     (radio)

The radio link's queue holds a second of data. Behind it the operator translates IPv4 addresses
(RFC 6598) and forgets connections that are quiet for half a minute, though RFC 5382 demands two
hours; IPv6 goes through as it is.
"""

from firstbyte.lab.backbone import ISP, RESOLVER, Access, build_backbone, router
from firstbyte.lab.lesson import Lesson
from firstbyte.lab.world import World
from firstbyte.sim import Internet
from firstbyte.sim.machines import Nat, NatTimes

TITLE = "A mobile network: jitter, bufferbloat, addresses shared by CGNAT"
LESSONS = (
    Lesson("", "A page over the radio link: every round trip swings."),
    Lesson(
        "https://shop.example/bytes/3000000",
        "Bufferbloat: the queue takes a second of data, then loses packets.",
        finds="tcp.bufferbloat",
    ),
    Lesson(
        "-m 120 https://shop.example/slow/60",
        "The CGNAT forgets the connection before the answer comes: it never arrives.",
        finds="tcp.dead_peer",
    ),
    Lesson("-m 120 https://far.example/slow/60", "Over IPv6 nothing is translated: it arrives."),
)
RADIO_RTT_S = 0.045
CORE_RTT_S = 0.010
SHARED_ADDRESS = "203.0.113.77"
FORGETS = NatTimes(udp_s=30.0, tcp_s=30.0, tcp_transitory_s=30.0)


def build(seed: int) -> World:
    """The world, not yet started."""
    internet = Internet(seed)
    client = internet.host(
        "client", addresses=["100.64.0.10", "2001:db8:113:4::10"], nameservers=[RESOLVER[0]]
    )
    cell = router(internet, "cell", "100.64.0.1", "2001:db8:113:4::1")
    cgnat = router(internet, "cgnat", SHARED_ADDRESS, "2001:db8:113:4::2")
    isp = router(internet, "isp", *ISP)
    internet.link(
        client,
        cell,
        rtt_s=RADIO_RTT_S,
        jitter_s=0.010,
        queue_bytes=1_000_000,
        forth={"rate_bps": 2e6},
        back={"rate_bps": 8e6},
    )
    internet.link(cell, cgnat, rtt_s=CORE_RTT_S)
    outside = internet.link(cgnat, isp, rtt_s=0.001).ports[0]
    Nat(cgnat, outside, SHARED_ADDRESS, times=FORGETS)
    access = Access(client, isp, RADIO_RTT_S + CORE_RTT_S + 0.001)
    return build_backbone("mobile", TITLE, access)
