"""A hotel's Wi-Fi: too many guests on a thin line, and a box that lets HTTP/3 nowhere.

::

    client ── wifi ── isp ── exchange ── the sites and the DNS
              (radio)

The radio loses packets in bursts, the line carries 2 Mbit/s, and the box in the cellar drops UDP
but for the DNS.
"""

from firstbyte.lab.backbone import ISP, RESOLVER, Access, build_backbone, router
from firstbyte.lab.lesson import Lesson
from firstbyte.lab.world import World
from firstbyte.sim import Internet
from firstbyte.sim.losses import BurstyLoss
from firstbyte.sim.machines import Firewall, Nat, Policy

TITLE = "A hotel's Wi-Fi: loss in bursts, 2 Mbit/s for everybody, no UDP"
LESSONS = (
    Lesson("", "A burst of loss, and 21 kB take a second more.", finds="tcp.loss"),
    Lesson(
        "https://shop.example/bytes/1000000",
        "The ledger keeps apart what the thin line costs and what repairs cost.",
        finds="tcp.loss",
    ),
    Lesson(
        "--http3 https://h3.shop.example/",
        "UDP is dropped: HTTP/3 is tried, TCP wins the race.",
        finds="quic.blocked",
    ),
)
WIFI_RTT_S = 0.008
LINE_RTT_S = 0.022
ADDRESS = "203.0.113.99"


def build(seed: int) -> World:
    """The world, not yet started."""
    internet = Internet(seed)
    client = internet.host("client", addresses=["10.20.0.10"], nameservers=[RESOLVER[0]])
    wifi = router(internet, "wifi", "10.20.0.1", ADDRESS)
    isp = router(internet, "isp", *ISP)
    bursts = BurstyLoss(enter=0.01, leave=0.25, bad_loss=0.8)
    internet.link(client, wifi, rtt_s=WIFI_RTT_S, jitter_s=0.002, loss=bursts)
    line = internet.link(wifi, isp, rtt_s=LINE_RTT_S, rate_bps=2e6, queue_bytes=64_000)
    Nat(wifi, line.ports[0], ADDRESS)
    Firewall(wifi, [Policy("accept", "udp", port=53), Policy("drop", "udp", source="10.20.0.0/16")])
    return build_backbone("hotel", TITLE, Access(client, isp, WIFI_RTT_S + LINE_RTT_S))
