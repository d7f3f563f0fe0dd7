"""What a fault is: a change to the zone before or after it is signed, or to what is sent."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import is_under
from firstbyte.server.dns.delivery import Treatment
from firstbyte.server.dns.zone import Zone


@dataclass(frozen=True, slots=True)
class Order:
    """How a fault was asked for: its value if any, below which name, and the Unix time."""

    value: str = ""
    domain: bytes = b"\0"
    now_s: float = 0.0

    def concerns(self, name: bytes) -> bool:
        """Whether the fault is wanted for this key."""
        return is_under(name, self.domain)

    def signed_sets(self, zone: Zone) -> Iterator[RRset]:
        """The sets with signatures that the fault is wanted for."""
        chain = [] if zone.denial is None else zone.denial.all()
        for rrset in (*zone.authoritative_sets(), *chain):
            if self.concerns(rrset.key):
                yield rrset


Change = Callable[[Zone, Order], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. ``value`` says what ``NAME=VALUE`` means; empty where it takes none."""

    name: str
    summary: str
    value: str = ""
    before_signing: Change | None = None
    after_signing: Change | None = None
    treatment: Callable[[Order], Treatment] | None = None
