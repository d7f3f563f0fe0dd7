"""From a name and type to the set of records: what is at hand, or fetched, and judged.

What a fetch finds is kept unvalidated and judged when it is first used, so that a question with CD
and one without share the data (RFC 4035, 3.2.2).
"""

from collections.abc import Callable, Iterable

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.resolver.cache import NXDOMAIN_TYPE, Entry
from firstbyte.resolver.machine.delegations import DNS_PORT
from firstbyte.resolver.machine.fetching import Fetcher
from firstbyte.resolver.machine.replies import address_text
from firstbyte.resolver.machine.scheduler import Scheduler
from firstbyte.resolver.machine.servers import Servers
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.store import Store
from firstbyte.resolver.machine.values import Security, Server
from firstbyte.resolver.machine.work import Work
from firstbyte.resolver.validator.aggressive import Denials
from firstbyte.resolver.validator.validator import Validator

NULL = 10
"""The type of trust anchor signals (RFC 8145, 5.1)."""
MAX_SECOND_OPINIONS = 3
"""How many more servers are asked where one gave bogus data."""


class Finder:
    """All that is known, and how to know more."""

    def __init__(
        self, settings: Settings, scheduler: Scheduler, draw: Callable[[int], int]
    ) -> None:
        self.settings = settings
        self.scheduler = scheduler
        self.store = Store(settings, scheduler)
        self.cache = self.store.cache
        self.servers = Servers(draw)
        self.fetcher = Fetcher(settings, scheduler, self.store, self.servers, self._addresses)
        self.validator = Validator(settings, scheduler, self)
        self.denials = Denials(settings)

    async def lookup(
        self, name: bytes, rdtype: int, work: Work, *, validate: bool, depth: int = 0
    ) -> Entry | None:
        """The entry for a name and type: data, an alias, or that there is nothing.

        None when nothing could be learned; ``work.errors`` says why. With ``validate`` the entry
        is judged (its ``security`` is not ``UNCHECKED``).
        """
        entry = self.store.known(name, rdtype, work)
        if entry is None and validate:
            entry = self._inferred(name, rdtype)
        if entry is not None:
            self.fetcher.refresh_early(entry, rdtype)
        else:
            entry = await self.fetcher.fetched(name, rdtype, work, depth)
        if entry is None or not validate:
            return entry
        if entry.security is Security.UNCHECKED:
            entry = await self._reconsidered(entry, rdtype, work)
            await self.settle(entry, work)
        for _ in range(MAX_SECOND_OPINIONS):
            other = None
            if entry.security is Security.BOGUS:
                other = await self.second_opinion(entry, rdtype, work)
            if other is None:
                break
            await self.settle(other, work)
            entry = other
        return entry

    def _inferred(self, name: bytes, rdtype: int) -> Entry | None:
        """What the known links of its zone prove (RFC 8198), where the zone is to be trusted."""
        now = self.scheduler.now
        entry = self.denials.expand(name, rdtype, now) or self.denials.deny(name, rdtype, now)
        if entry is None or self.validator.chain.anchor_above(name) is None:
            return None
        return entry

    async def _reconsidered(self, entry: Entry, rdtype: int, work: Work) -> Entry:
        """``entry``, or what is said instead of an unsigned one that a signed zone should not give.

        That is so where it came beside another answer, or from a server that gave bad keys: it is
        asked for anew before an unsigned zone is sought to explain it.
        """
        if _is_signed(entry):
            return entry
        trust = await self.validator.chain.trust(entry.zone, work)
        if trust.security is not Security.SECURE:
            return entry
        if entry.aside or entry.server in work.distrusted:
            return await self.second_opinion(entry, rdtype, work) or entry
        return entry

    async def second_opinion(self, entry: Entry, rdtype: int, work: Work) -> Entry | None:
        """What another server says instead of bogus data that came for this very question.

        None where there is no other, or where the data were known to be bogus before. What came
        aside (a referral's word on DS, the end of a chain of aliases) is only a hint: then the
        proper question has not been asked yet.
        """
        if entry.aside:
            self.store.forget(entry, work)
            return await self.fetcher.fetched(entry.key, rdtype, work, 0)
        fresh = work.fresh.get((entry.key, entry.rdtype)) is entry
        if not fresh or entry.server is None:
            return None
        work.distrusted |= {entry.server}
        blamed = list(work.errors)
        self.store.forget(entry, work)
        found = await self.fetcher.fetched(entry.key, rdtype, work, 0)
        if found is None or found.server in work.distrusted:
            self.fetcher.failures.worked(entry.key, rdtype)
            self.cache.put(entry, self.scheduler.now.unix_s)
            work.errors[:] = blamed
            return None
        return found

    async def completed(self, entry: Entry, work: Work, *, validate: bool) -> Entry:
        """A referral's denial of DS has no SOA, which a client needs (RFC 2308, 3): find it."""
        if validate:
            inferred = self._inferred(entry.key, dns.DS)
            if inferred is not None:
                return inferred
        fresh = await self.fetcher.fetched(entry.key, dns.DS, work, 0)
        if fresh is None:
            return entry
        if validate and fresh.security is Security.UNCHECKED:
            await self.settle(fresh, work)
        return entry if fresh.security is Security.BOGUS else fresh

    async def settle(self, entry: Entry, work: Work) -> None:
        """Judge an entry, and let the caches know."""
        claimed = entry.nxdomain
        await self.validator.settle(entry, work)
        if entry.security is Security.SECURE and (entry.authority or entry.additional):
            entry.authority = await self.validator.proved(entry.authority, work)
            entry.additional = await self.validator.proved(entry.additional, work)
        now = self.scheduler.now
        if claimed and not entry.nxdomain:
            self.cache.forget(entry.key, NXDOMAIN_TYPE)
            self.cache.put(entry, now.unix_s)
        if entry.security is Security.BOGUS:
            if work.spent:
                self.store.forget(entry, work)
            else:
                self.spoil(entry)
            return
        entry.former = None
        self.store.supersede(entry)
        if entry.security is Security.SECURE:
            self.denials.learn(entry, now)

    def spoil(self, entry: Entry) -> None:
        """Keep broken data for a short time only: they may be mended."""
        self.cache.shorten(entry, self.settings.cache.bogus_ttl_s)

    async def _addresses(
        self, name: bytes, work: Work, depth: int, known: frozenset[Server]
    ) -> tuple[str, ...]:
        """The addresses of a server name, up to the family that has any that are not ``known``."""
        kinds = []
        if self.settings.ipv4:
            kinds.append(dns.A)
        if self.settings.ipv6:
            kinds.append(dns.AAAA)
        found: tuple[str, ...] = ()
        for rdtype in kinds:
            found += await self._targets(name, rdtype, work, depth)
            if any((address, DNS_PORT) not in known for address in found):
                break
        return found

    async def _targets(self, name: bytes, rdtype: int, work: Work, depth: int) -> tuple[str, ...]:
        """Addresses of one family; server names should not be aliases, but a few are followed."""
        for _ in range(3):
            entry = await self.lookup(name, rdtype, work, validate=False, depth=depth)
            if entry is None or entry.rrset is None or entry.security is Security.BOGUS:
                return ()
            if entry.rrset.rdtype == rdtype:
                texts = (address_text(rdtype, rdata) for rdata in entry.rrset.rdatas)
                return tuple(filter(None, texts))
            if entry.rrset.rdtype != dns.CNAME:
                return ()
            name = entry.rrset.rdatas[0].lower()
        return ()

    def signal(self, name: bytes) -> None:
        """Ask for a name whose question is the message (RFC 8145, 5); nobody waits."""
        self.scheduler.spawn(self.fetcher.fetch_ahead((name, NULL)))

    def trust_in(self, anchors: Iterable[RRset]) -> None:
        """Take other trust anchors; what was judged by the old ones is forgotten."""
        self.clear()
        self.validator.trust_in(anchors)

    def clear(self) -> None:
        """Forget all that was learned."""
        self.cache.clear()
        self.fetcher.failures.clear()
        self.fetcher.iterator.delegations.clear()
        self.denials.clear()
        self.validator.clear()


def _is_signed(entry: Entry) -> bool:
    sets = (entry.rrset, entry.dname, entry.soa, *entry.proofs)
    return any(rrset is not None and rrset.signatures for rrset in sets)
