"""What is at hand of a name and type, without asking anybody: kept, or implied by names above."""

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.names import parent
from firstbyte.resolver.cache import NXDOMAIN_TYPE, Cache, Entry
from firstbyte.resolver.machine.replies import substitute
from firstbyte.resolver.machine.scheduler import Scheduler
from firstbyte.resolver.machine.settings import CacheSettings, Settings
from firstbyte.resolver.machine.values import Security
from firstbyte.resolver.machine.work import Work

PREFETCH_SHARE = 0.1
"""An entry in the last tenth of its life is fetched anew when it is used."""


class Store:
    """The cache, with what only the question under way may use, and what follows from both."""

    def __init__(self, settings: Settings, scheduler: Scheduler) -> None:
        self.settings = settings
        self.scheduler = scheduler
        self.cache = Cache(settings.cache)
        self._fences = frozenset({*settings.stub, *settings.forward})
        """Zones of the configuration: what is said above them says nothing of them."""

    def known(self, name: bytes, rdtype: int, work: Work) -> Entry | None:
        """What is at hand: data, an alias, or a denial."""
        fresh = work.fresh
        now_s = self.scheduler.now.unix_s
        entry = fresh.get((name, rdtype)) if fresh else None
        entry = entry or self.cache.get(name, rdtype, now_s)
        if entry is not None:
            return entry
        entry = fresh.get((name, dns.CNAME)) if fresh else None
        if entry is None and rdtype != dns.DS and rdtype != dns.CNAME:
            entry = self.cache.get_data(name, dns.CNAME, now_s)
        if entry is not None and entry.rrset is not None:
            return entry
        return self._implied(name, now_s)

    def _implied(self, name: bytes, now_s: float) -> Entry | None:
        """What names above imply: a DNAME's alias (RFC 6672), or that nothing is below (8020)."""
        above = name
        while len(above) > 1 and above not in self._fences:
            above = parent(above)
            entry = self.cache.get(above, dns.DNAME, now_s)
            if entry is None:
                continue
            if entry.rrset is not None:
                return _alias(entry, name)
            secure = entry.security is Security.SECURE
            if entry.nxdomain and secure and self.settings.harden.below_nxdomain:
                return _below(entry, name)
        return None

    def forget(self, entry: Entry, work: Work) -> None:
        """Drop an entry, for this question and for all."""
        self.cache.forget(entry.key, NXDOMAIN_TYPE if entry.nxdomain else entry.rdtype)
        work.fresh.pop((entry.key, entry.rdtype), None)

    def supersede(self, entry: Entry) -> None:
        """Forget stale data where good new ones came that may not be kept (TTL 0)."""
        if self.settings.cache.stale.enabled and entry.ttl_s <= 0:
            self.cache.forget(entry.key, entry.rdtype)
            self.cache.forget(entry.key, NXDOMAIN_TYPE)

    def learn_hints(self, hints: list[Entry]) -> None:
        """Keep what was said of DS in passing, unless it is known for sure."""
        now_s = self.scheduler.now.unix_s
        for entry in hints:
            present = self.cache.get(entry.key, dns.DS, now_s)
            if present is None or present.security is Security.UNCHECKED:
                self.cache.put(entry, now_s)


def refreshed_s(entry: Entry, settings: CacheSettings) -> int:
    """How long before its end an entry is fetched anew when it is used."""
    if not settings.prefetch or entry.rrset is None or entry.ttl_s < 10:
        return 0
    return int(entry.ttl_s * PREFETCH_SHARE)


def _alias(dname: Entry, name: bytes) -> Entry | None:
    """The entry of the CNAME that a cached DNAME implies."""
    if dname.rrset is None:
        return None
    cname = substitute(dname.rrset, name)
    if cname is None:
        return dname
    entry = Entry(name, dns.CNAME, cname, dname.ttl_s)
    entry.dname = dname.rrset
    _inherit(entry, dname)
    return entry


def _below(above: Entry, name: bytes) -> Entry:
    """The denial of a name below one that does not exist."""
    entry = Entry(name, above.rdtype, None, above.ttl_s)
    entry.nxdomain = True
    entry.soa = above.soa
    _inherit(entry, above)
    return entry


def _inherit(entry: Entry, source: Entry) -> None:
    entry.proofs = source.proofs
    entry.security = source.security
    entry.error = source.error
    entry.stored_s = source.stored_s
    entry.expires_s = source.expires_s
    entry.zone = source.zone
    entry.wildcard = source.wildcard
