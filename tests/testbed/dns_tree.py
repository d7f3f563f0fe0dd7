"""A root, a TLD and a zone on one loopback server, each at an address that is mapped to it."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from firstbyte.net import system
from firstbyte.protocols.dns.names import to_text
from firstbyte.resolver.daemon.config import Config, from_mapping
from firstbyte.server.dns.answers import Manners
from firstbyte.server.dns.faults.registry import choose, treatments
from firstbyte.server.dns.serving import NameServer
from firstbyte.server.dns.setup import Served
from firstbyte.server.dns.signing import Policy, delegate, make_keys, sign_zone
from firstbyte.server.dns.zone_set import ZoneSet
from firstbyte.server.dns.zonefile import parse_zone
from testbed.name_server import CHILD, ZONE

ROOT = """
@ 86400 SOA a.root. admin.root. 1 1800 900 604800 86400
@ 86400 NS a.root.
a.root. 86400 A 192.0.2.1
org. 86400 NS ns.org.
ns.org. 86400 A 192.0.2.2
plain. 86400 NS ns.plain.
ns.plain. 86400 A 192.0.2.4
"""
ORG = """
@ 86400 SOA ns.org. admin.org. 1 1800 900 604800 86400
@ 86400 NS ns.org.
ns 86400 A 192.0.2.2
example 86400 NS ns1.example
ns1.example 86400 A 192.0.2.3
"""
PLAIN = """
@ 86400 SOA ns admin 1 1800 900 604800 86400
@ 86400 NS ns
ns 86400 A 192.0.2.4
www 60 A 192.0.2.44
"""


@dataclass
class Tree:
    """A running tree. ``keys`` are a resolver's configuration for it."""

    served: Served
    keys: dict = field(default_factory=dict)
    servers: dict[str, NameServer] = field(default_factory=dict)

    def config(self, **more) -> Config:
        return from_mapping(self.keys | more)


@asynccontextmanager
async def dns_tree(*faults, policy=None, plain=(PLAIN,)):
    """The tree; the zones org, example.org and signed.example.org are signed, plain is not.

    ``plain`` are the versions of that zone that its servers have: at 192.0.2.4, 192.0.2.5 and on.
    """
    now_s = system.current().wall_time_s()
    zones = [
        parse_zone(text.replace("ns1 A 127.0.0.1", "ns1 A 192.0.2.3"), origin, "tree")
        for origin, text in (
            (".", ROOT),
            ("org.", ORG),
            ("example.org.", ZONE),
            ("signed.example.org.", CHILD),
        )
    ]
    plains = [parse_zone(text, "plain.", "tree") for text in plain]
    policy = policy or Policy()
    keys = {zone.apex: make_keys(policy) for zone in zones}
    chosen = [choose(text, now_s) for text in faults]
    delegate(zones, keys)
    for stage in ("before_signing", "after_signing"):
        if stage == "after_signing":
            for zone in zones:
                sign_zone(zone, keys[zone.apex], policy, now_s)
        for fault, order in chosen:
            change = getattr(fault, stage)
            for zone in zones if change else ():
                change(zone, order)
    tree = Tree(Served(ZoneSet([*zones, *plains[:1]]), keys))
    homes = {
        "192.0.2.1": zones[:1],
        "192.0.2.2": zones[1:2],
        "192.0.2.3": zones[2:],
    }
    homes |= {f"192.0.2.{number}": [zone] for number, zone in enumerate(plains, 4)}
    address_map = {}
    try:
        for address, own in homes.items():
            server = NameServer(ZoneSet(own), ("127.0.0.1", 0), Manners(), treatments(chosen))
            await server.start()
            tree.servers[address] = server
            address_map[address] = f"127.0.0.1:{server.address[1]}"
        root = keys[b"\0"][0]
        tag = int.from_bytes(root.ds(b"\0")[:2], "big")
        digest = root.ds(b"\0")[4:].hex()
        tree.keys = {
            "root_hints": [["a.root.", "192.0.2.1"]],
            "trust_anchors": [f"{to_text(bytes(1))} DS {tag} {root.algorithm} 2 {digest}"],
            "address_map": address_map,
            "ipv6": False,
            "send_ta_signal": False,
            "question_timeout": 10.0,
        }
        yield tree
    finally:
        for server in tree.servers.values():
            await server.close()
