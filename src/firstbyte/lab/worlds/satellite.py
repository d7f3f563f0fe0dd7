"""A geostationary satellite: 600 ms there and back, whatever one pays, and rain.

::

    client ── dish ──────(36,000 km up and down)────── isp ── exchange ── the sites and the DNS

The rate is good, so almost all of the time is round trips: what saves one saves more than half a
second. Rain loses packets in bursts.
"""

from firstbyte.lab.backbone import ISP, RESOLVER, Access, build_backbone, router
from firstbyte.lab.lesson import Lesson
from firstbyte.lab.world import World
from firstbyte.sim import Internet
from firstbyte.sim.losses import BurstyLoss
from firstbyte.sim.machines import Nat

TITLE = "A satellite: 600 ms more for every round trip, loss in bursts"
LESSONS = (
    Lesson("", "A page takes five round trips, each of 670 ms: the rate hardly matters."),
    Lesson("--http3-only https://h3.shop.example/", "QUIC makes one round trip less of it."),
    Lesson(
        "https://shop.example/bytes/3000000",
        "Slow start needs a second for each doubling, and rain throws it back.",
        finds="tcp.loss",
    ),
)
DISH_RTT_S = 0.001
SKY_RTT_S = 0.598
ADDRESS = "203.0.113.88"


def build(seed: int) -> World:
    """The world, not yet started."""
    internet = Internet(seed)
    client = internet.host("client", addresses=["192.168.1.10"], nameservers=[RESOLVER[0]])
    dish = router(internet, "dish", "192.168.1.1", ADDRESS)
    isp = router(internet, "isp", *ISP)
    internet.link(client, dish, rtt_s=DISH_RTT_S)
    sky = internet.link(
        dish,
        isp,
        rtt_s=SKY_RTT_S,
        loss=BurstyLoss(enter=0.002, leave=0.3),
        queue_bytes=1_500_000,
        forth={"rate_bps": 3e6},
        back={"rate_bps": 20e6},
    )
    Nat(dish, sky.ports[0], ADDRESS)
    return build_backbone("satellite", TITLE, Access(client, isp, DISH_RTT_S + SKY_RTT_S))
