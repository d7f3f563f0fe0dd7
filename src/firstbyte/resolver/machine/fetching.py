"""From a name and type to what its servers say of it: one fetch for all who want it.

Every fetch of one name and type is shared by all who want it at the same time, and what it finds is
kept unvalidated.
"""

from msgspec import Struct

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.names import to_text
from firstbyte.resolver.cache import Entry
from firstbyte.resolver.machine.delegations import Delegation
from firstbyte.resolver.machine.entries import alias_hints, delegation_entries, entries_of
from firstbyte.resolver.machine.failures import Failures
from firstbyte.resolver.machine.iterator import Fetched, FindAddresses, Iterator
from firstbyte.resolver.machine.replies import Reply
from firstbyte.resolver.machine.scheduler import Flight, Scheduler
from firstbyte.resolver.machine.servers import Servers
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.store import Store, refreshed_s
from firstbyte.resolver.machine.values import Ede, Error
from firstbyte.resolver.machine.work import Work


class _Batch(Struct, frozen=True, gc=False):
    """What one fetch found, for all who wait for it."""

    entries: list[Entry]
    errors: list[Error]


class Fetcher:
    """Asks the servers for what is not at hand, and lets the store know."""

    def __init__(
        self,
        settings: Settings,
        scheduler: Scheduler,
        store: Store,
        servers: Servers,
        find_addresses: FindAddresses,
    ) -> None:
        self.settings = settings
        self.scheduler = scheduler
        self.store = store
        self.failures = Failures()
        self.iterator = Iterator(settings, scheduler, servers, find_addresses, self._learn_referral)
        self._in_flight: dict[tuple[bytes, int], Flight[_Batch]] = {}

    async def fetched(self, name: bytes, rdtype: int, work: Work, depth: int) -> Entry | None:
        """What the servers say now, unvalidated; None, and why in ``work``, where they do not."""
        place = (name, rdtype)
        failed = self.failures.get(name, rdtype, self.scheduler.now.unix_s)
        if failed is not None:
            for error in failed:
                work.blame(error)
            work.blame(Error(Ede.CACHED_ERROR))
            return None
        flight = self._in_flight.get(place)
        batch: _Batch | None
        if flight is None:
            batch = await self._begin(place, work, depth)
        else:
            batch = await self.scheduler.join(flight)
        if batch is None:
            work.blame(Error(Ede.OTHER, f"resolving {to_text(name)} needs itself"))
            return None
        for error in batch.errors:
            work.blame(error)
        for entry in batch.entries:
            work.fresh[entry.key, entry.rdtype] = entry
        if rdtype == dns.ANY and batch.entries:
            return batch.entries[0]
        return self.store.known(name, rdtype, work)

    async def _begin(self, place: tuple[bytes, int], work: Work, depth: int) -> _Batch:
        """Fetch for all who come to want the same before it is there."""
        before = work.exchanges
        flight = self._in_flight[place] = self.scheduler.flight()
        batch: _Batch | None = None
        try:
            fetched = await self.iterator.fetch(*place, work, depth)
            batch = self._learned(*place, fetched, work, before)
            return batch
        finally:
            del self._in_flight[place]
            self.scheduler.land(flight, batch)

    async def fetch_ahead(self, place: tuple[bytes, int]) -> None:
        """Fetch what nobody waits for yet."""
        if place not in self._in_flight:
            await self._begin(place, Work(self.settings.limits), 0)

    def _learned(
        self, name: bytes, rdtype: int, fetched: Fetched | None, work: Work, before: int
    ) -> _Batch:
        """Keep what came, or that nothing did; ``before`` so many exchanges were made."""
        now_s = self.scheduler.now.unix_s
        full = self.settings.full_answers
        entries = [] if fetched is None else entries_of(fetched, name, rdtype, full=full)
        if not entries:
            own_cost = work.exchanges - before
            if not work.spent or own_cost > work.limits.exchanges // 2:
                self.failures.failed(name, rdtype, now_s, work.errors)
            return _Batch([], list(work.errors))
        self.failures.worked(name, rdtype)
        if rdtype != dns.ANY:
            for entry in entries:
                self.store.cache.put(entry, now_s)
                if not self.settings.validation.enabled:
                    self.store.supersede(entry)
            if fetched is not None and fetched.reply.proofs:
                self.store.learn_hints(alias_hints(fetched.reply, fetched.cut.zone))
        return _Batch(entries, [])

    def _learn_referral(self, reply: Reply, above: Delegation) -> None:
        self.store.learn_hints(delegation_entries(reply, above.zone))

    def refresh_early(self, entry: Entry, rdtype: int) -> None:
        """Fetch an entry anew that is used near its end, where that is wanted."""
        early_s = refreshed_s(entry, self.settings.cache)
        left_s = entry.expires_s - self.scheduler.now.unix_s
        place = (entry.key, rdtype)
        if early_s and left_s <= early_s and place not in self._in_flight:
            self.scheduler.spawn(self.fetch_ahead(place))
