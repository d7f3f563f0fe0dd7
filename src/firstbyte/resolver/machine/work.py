"""The budget of one client's question; all that is done for its sake is counted here."""

from msgspec import Struct

from firstbyte.resolver.cache import Entry
from firstbyte.resolver.machine.settings import Limits
from firstbyte.resolver.machine.values import Error, Server


class Work(Struct, eq=False, gc=False):
    """Counters against ``limits``. ``errors`` gathers what went wrong, for the client."""

    limits: Limits
    exchanges: int = 0
    targets: int = 0
    signatures: int = 0
    failed_signatures: int = 0
    nsec3_hashes: int = 0
    fresh: dict[tuple[bytes, int], Entry] = {}
    """Data of this question that may not be kept (TTL 0), by name and type."""
    errors: list[Error] = []
    distrusted: frozenset[Server] = frozenset()
    """Servers that gave bogus data: they are asked only where there is no other."""
    walking: frozenset[bytes] = frozenset()
    """Names whose DS is being asked for, to find the zone that something belongs to."""

    def may_ask(self) -> bool:
        """Whether one more exchange fits; counts it."""
        self.exchanges += 1
        return self.exchanges <= self.limits.exchanges

    def may_seek_target(self) -> bool:
        """Whether one more server name may be looked up; counts it (NXNSAttack)."""
        self.targets += 1
        return self.targets <= self.limits.target_lookups

    def may_verify(self) -> bool:
        """Whether one more signature may be verified; counts it (KeyTrap, CVE-2023-50387)."""
        self.signatures += 1
        return (
            self.signatures <= self.limits.signatures
            and self.failed_signatures < self.limits.failed_signatures
        )

    def may_hash(self, count: int) -> bool:
        """Whether ``count`` more NSEC3 hashes may be computed (CVE-2023-50868)."""
        self.nsec3_hashes += count
        return self.nsec3_hashes <= self.limits.nsec3_hashes

    @property
    def spent(self) -> bool:
        """Whether something failed for want of means alone: others shall not hear of it.

        Whoever spends the budget in a zone of his own must not decide what is thought of the names
        that his aliases lead to.
        """
        limits = self.limits
        return (
            self.exchanges > limits.exchanges
            or self.signatures > limits.signatures
            or self.failed_signatures >= limits.failed_signatures
            or self.nsec3_hashes > limits.nsec3_hashes
        )

    def blame(self, error: Error) -> None:
        """Remember why something failed; each reason once, a few of them."""
        if error not in self.errors and len(self.errors) < 4:
            self.errors.append(error)
