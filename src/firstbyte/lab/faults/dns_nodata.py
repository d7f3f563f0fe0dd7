"""The names exist, without an address."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.names import from_text


def _apply(world: World) -> None:
    for site in world.sites:
        for zone in world.zones.values():
            node = zone.nodes.get(from_text(site.name + "."))
            if node is not None and zone.apex != b"\0":
                node.pop(dns.A, None)
                node.pop(dns.HTTPS, None)


FAULT = Fault("dns.nodata", "The sites' names have no addresses", _apply)
