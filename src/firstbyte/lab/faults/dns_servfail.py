"""No server of the zones answers, so the resolver gives up."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    world.internet.hosts["ns"].partition()


FAULT = Fault("dns.servfail", "The zones' servers are gone: the resolver answers SERVFAIL", _apply)
