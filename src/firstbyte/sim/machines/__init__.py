"""What stands between hosts: switches, address translators, firewalls, middleboxes; DHCP servers.

A ``Switch`` is a node of its own. ``Nat``, ``Firewall`` and ``Middlebox`` are installed on a host
that forwards, and act on what passes through it; a ``DhcpServer`` on any host. Each is loaded on
first use, as few worlds have more than one or two of them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firstbyte.protocols.dhcp.server import ServerSettings as DhcpSettings
    from firstbyte.sim.machines.dhcp import DhcpServer
    from firstbyte.sim.machines.firewall import Firewall, Policy
    from firstbyte.sim.machines.middlebox import Middlebox
    from firstbyte.sim.machines.nat import Nat, NatTimes
    from firstbyte.sim.machines.router_advertiser import RouterAdvertiser
    from firstbyte.sim.machines.switch import Switch

__all__ = [
    "DhcpServer",
    "DhcpSettings",
    "Firewall",
    "Middlebox",
    "Nat",
    "NatTimes",
    "Policy",
    "RouterAdvertiser",
    "Switch",
]

_HOMES = {
    "DhcpServer": "firstbyte.sim.machines.dhcp",
    "Firewall": "firstbyte.sim.machines.firewall",
    "Middlebox": "firstbyte.sim.machines.middlebox",
    "Nat": "firstbyte.sim.machines.nat",
    "NatTimes": "firstbyte.sim.machines.nat",
    "Policy": "firstbyte.sim.machines.firewall",
    "RouterAdvertiser": "firstbyte.sim.machines.router_advertiser",
    "ServerSettings": "firstbyte.protocols.dhcp.server",
    "Switch": "firstbyte.sim.machines.switch",
}
_OTHER_NAMES = {"DhcpSettings": "ServerSettings"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    own = _OTHER_NAMES.get(name, name)
    home = _HOMES.get(own)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), own)
