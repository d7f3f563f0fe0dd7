"""The private internet: a simulated network in which any asyncio program runs unchanged.

``Internet`` is the way in; ``losses`` and ``rules`` hold what links may be given.
"""

from firstbyte.sim.errors import BlockingCall, Deadlock, NoHost, SimulationError, TimeLimit
from firstbyte.sim.hosts import Host
from firstbyte.sim.internet import Internet
from firstbyte.sim.links import Link
from firstbyte.sim.losses import BurstyLoss, ChosenLoss, NthLoss, RandomLoss
from firstbyte.sim.rules import DROP, PASS, Transit, Verdict, delay, drop

__all__ = [
    "DROP",
    "PASS",
    "BlockingCall",
    "BurstyLoss",
    "ChosenLoss",
    "Deadlock",
    "Host",
    "Internet",
    "Link",
    "NoHost",
    "NthLoss",
    "RandomLoss",
    "SimulationError",
    "TimeLimit",
    "Transit",
    "Verdict",
    "delay",
    "drop",
]
