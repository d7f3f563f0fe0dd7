"""What stands between hosts: switches, address translators, firewalls, middleboxes; DHCP servers.

A ``Switch`` is a node of its own. ``Nat``, ``Firewall`` and ``Middlebox`` are installed on a host
that forwards, and act on what passes through it; a ``DhcpServer`` on any host.
"""

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
