"""A company's network: out through its proxy or not at all, and names of its own.

::

    client ── switch ── gate ── isp ── exchange ── the sites and the DNS
                │  │
            proxy  dns

The gate lets only the proxy and the name server out. The proxy tunnels most sites, refuses
``stream.example`` and opens the TLS of ``far.example`` with a CA that programs with their own trust
store do not know. The name server knows the inside (``corp.example``, split horizon) and has
no address for ``slow.example``. UDP goes nowhere.
"""

from firstbyte.lab.authoritative import Served
from firstbyte.lab.authority import Authority
from firstbyte.lab.backbone import ISP, ROOT, Access, build_backbone, router
from firstbyte.lab.lesson import Lesson
from firstbyte.lab.naming import Server, address_record, make_zone
from firstbyte.lab.proxy import PORT, Proxy, Treatment
from firstbyte.lab.recursive import Habits, RecursiveServer
from firstbyte.lab.world import World
from firstbyte.lab.zone_keys import ZoneKeys
from firstbyte.sim import Host, Internet
from firstbyte.sim.clock import DEFAULT_EPOCH_S
from firstbyte.sim.machines import Firewall, Nat, Policy, Switch

TITLE = "A company's network: an inspecting proxy, filtered DNS, no UDP"
LESSONS = (
    Lesson("", "The proxy is found in the environment; the tunnel costs a round trip more."),
    Lesson(
        "https://far.example/",
        "Inspected: the certificate is the company's, which programs do not trust.",
        finds="tls.cert.unknown_authority",
    ),
    Lesson("https://stream.example/", "Blocked by the proxy: 403.", finds="proxy.denied"),
    Lesson(
        "--noproxy '*' https://slow.example/",
        "The company's name server knows no address for a name that has one outside.",
        finds="dns.nodata",
    ),
    Lesson(
        "--noproxy '*' --connect-timeout 5 https://shop.example/",
        "Past the proxy the gate drops everything.",
        finds="tcp.timed_out",
    ),
    Lesson("dns intranet.corp.example", "Split horizon: a name that only the inside knows."),
)
LAN_RTT_S = 0.0005
LINE_RTT_S = 0.010
ADDRESS = "203.0.113.40"
CLIENT, GATE, PROXY = "10.1.0.10", "10.1.0.1", "10.1.0.128"
NAMES, OWN_NAMES = "10.1.0.53", "10.1.0.54"
OWN = Server("ns.corp.example.", (OWN_NAMES,))
ZONES = {
    "corp.example.": [
        *OWN.records(),
        address_record("proxy.corp.example.", PROXY),
        address_record("intranet.corp.example.", "10.1.0.80"),
    ],
    "slow.example.": [],
}
POLICIES = [
    Policy("accept", source=PROXY),
    Policy("accept", source=NAMES, port=53),
]


def build(seed: int) -> World:
    """The world, not yet started."""
    internet = Internet(seed)
    proxy_url = f"http://proxy.corp.example:{PORT}"
    client = internet.host(
        "client",
        addresses=[f"{CLIENT}/24"],
        nameservers=[NAMES],
        environment={"https_proxy": proxy_url, "http_proxy": proxy_url, "no_proxy": "corp.example"},
    )
    switch = Switch(internet, "switch")
    gate = router(internet, "gate", f"{GATE}/24", ADDRESS)
    isp = router(internet, "isp", *ISP)
    for host in (client, gate):
        internet.link(host, switch, rtt_s=LAN_RTT_S)
    client.add_route("0.0.0.0/0", "eth0", GATE)
    line = internet.link(gate, isp, rtt_s=LINE_RTT_S)
    # The order is Linux's: answers are translated back before the firewall looks for their flow.
    Nat(gate, line.ports[0], ADDRESS)
    Firewall(gate, POLICIES, default="drop", stateful=True)
    world = build_backbone("office", TITLE, Access(client, isp, 2 * LAN_RTT_S + LINE_RTT_S))
    _add_names(world, _inside(internet, switch, "dns", [f"{NAMES}/24", f"{OWN_NAMES}/24"]))
    _add_proxy(world, _inside(internet, switch, "proxy", [f"{PROXY}/24"]))
    return world


def _inside(internet: Internet, switch: Switch, name: str, addresses: list[str]) -> Host:
    host = internet.host(name, addresses=addresses, nameservers=[NAMES], named=False)
    internet.link(host, switch, rtt_s=LAN_RTT_S)
    host.add_route("0.0.0.0/0", "eth0", GATE)
    return host


def _add_names(world: World, host: Host) -> None:
    zones = [make_zone(origin, OWN, records) for origin, records in ZONES.items()]
    own = Served(OWN, zones, ZoneKeys(world.internet.seed, unsigned=ZONES))
    habits = Habits(validates=False, stub=dict.fromkeys(ZONES, OWN_NAMES))
    recursive = RecursiveServer([NAMES], ROOT, lambda: habits)
    world.programs += [(host, own.start), (host, recursive.start)]


def _add_proxy(world: World, host: Host) -> None:
    inspector = Authority(DEFAULT_EPOCH_S, "Corp inspection", seed=world.internet.seed)
    treatments: dict[str, Treatment] = {"far.example": "inspect", "stream.example": "refuse"}
    proxy = Proxy(inspector, treatments)
    world.programs.append((host, proxy.start))
