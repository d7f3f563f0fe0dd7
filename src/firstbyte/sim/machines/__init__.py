"""What stands between hosts: switches, address translators, firewalls, middleboxes.

A ``Switch`` is a node of its own. ``Nat``, ``Firewall`` and ``Middlebox`` are installed on a host
that forwards, and act on what passes through it.
"""

from firstbyte.sim.machines.firewall import Firewall, Policy
from firstbyte.sim.machines.middlebox import Middlebox
from firstbyte.sim.machines.nat import Nat, NatTimes
from firstbyte.sim.machines.switch import Switch

__all__ = ["Firewall", "Middlebox", "Nat", "NatTimes", "Policy", "Switch"]
