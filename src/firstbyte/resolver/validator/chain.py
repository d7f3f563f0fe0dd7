"""The chain of trust: from an anchor, over DS and DNSKEY, down to a zone (RFC 4035, 5)."""

from collections.abc import Awaitable, Iterable
from typing import Protocol

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import ancestor, ancestors, label_count, to_text
from firstbyte.resolver.cache import Entry
from firstbyte.resolver.machine.scheduler import Scheduler
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import Ede, Error, Security
from firstbyte.resolver.machine.work import Work
from firstbyte.resolver.validator import keys, nsec, nsec3, signatures
from firstbyte.resolver.validator.keys import Ds, Key
from firstbyte.resolver.validator.trust import TrustStore, ZoneTrust

MAX_DS = 8
MAX_KEYS = 32
MAX_TRUST_S = 86400
BROKEN_S = 60
"""How long a broken chain is remembered."""


class Source(Protocol):
    """Where the validator gets records from."""

    def lookup(
        self, name: bytes, rdtype: int, work: Work, *, validate: bool, depth: int = 0
    ) -> Awaitable[Entry | None]:
        """As ``Finder.lookup``."""

    def signal(self, name: bytes) -> None:
        """As ``Finder.signal``."""

    def spoil(self, entry: Entry) -> None:
        """As ``Finder.spoil``."""

    def second_opinion(self, entry: Entry, rdtype: int, work: Work) -> Awaitable[Entry | None]:
        """As ``Finder.second_opinion``."""


class Chain:
    """Finds out how far the zone of a name is to be trusted."""

    def __init__(self, settings: Settings, scheduler: Scheduler, source: Source) -> None:
        self._settings = settings.validation
        self._cache = settings.cache
        self._scheduler = scheduler
        self._source = source
        self.store = TrustStore()
        self.anchors = by_owner(self._settings.anchors)

    def anchor_above(self, name: bytes) -> bytes | None:
        """The closest trust anchor's name, unless a negative one (RFC 7646) is closer."""
        for zone in ancestors(name):
            if zone in self._settings.negative_anchors:
                return None
            if zone in self.anchors:
                return zone
        return None

    async def trust(self, target: bytes, work: Work) -> ZoneTrust:
        """The state of the deepest zone at or above ``target``."""
        anchor = self.anchor_above(target)
        if anchor is None:
            return ZoneTrust(target, Security.INSECURE)
        trust = await self._walk(anchor, target, work)
        if trust.security is Security.BOGUS and work.spent:
            self.store.forget(trust.zone)
        return trust

    async def _walk(self, anchor: bytes, target: bytes, work: Work) -> ZoneTrust:
        current = await self._start(anchor, target, work)
        first = label_count(current.zone) + 1
        for count in range(first, label_count(target) + 1):
            if current.security is not Security.SECURE:
                return current
            below = await self._step(current, ancestor(target, count), work)
            current = below or current
        return current

    async def _start(self, anchor: bytes, target: bytes, work: Work) -> ZoneTrust:
        now_s = self._scheduler.now.unix_s
        for zone in ancestors(target):
            known = self.store.get(zone, now_s)
            if known is not None:
                return known
            if zone == anchor:
                break
        return await self._prime(anchor, work)

    async def _prime(self, zone: bytes, work: Work) -> ZoneTrust:
        """The zone of a trust anchor: its DNSKEY set must be signed by an anchored key."""
        anchors = self.anchors[zone]
        dses = self._countable(_dses(anchors))
        trusted = [
            key
            for key in _keys(anchors)
            if keys.algorithm_counts(key.algorithm, allow_sha1=self._settings.allow_sha1)
        ]
        if not dses and not trusted:
            return self._unusable(zone, anchors)
        where = f"the trust anchor of {to_text(zone)}"
        trust = await self._enter(zone, dses, trusted, where, MAX_TRUST_S, work)
        if self._settings.send_ta_signal and trust.security is Security.SECURE:
            self._source.signal(signal_name(zone, anchors))
        return trust

    def _unusable(self, zone: bytes, anchors: list[RRset]) -> ZoneTrust:
        """Nothing that is supported leads into the zone: insecure, unless it is only mistyped."""
        if any(keys.is_misshapen(ds) for ds in _dses(anchors)):
            text = f"a digest in the trust anchor of {to_text(zone)} has the wrong length"
            error = Error(Ede.DNSKEY_MISSING, text)
            return self._keep(zone, Security.BOGUS, BROKEN_S, error=error)
        text = f"no usable algorithm in the trust anchor of {to_text(zone)}"
        error = Error(Ede.UNSUPPORTED_DNSKEY_ALGORITHM, text)
        return self._keep(zone, Security.INSECURE, MAX_TRUST_S, error=error)

    async def _step(self, above: ZoneTrust, name: bytes, work: Work) -> ZoneTrust | None:
        """The zone that begins at ``name``; None where no zone begins there."""
        known = self.store.get(name, self._scheduler.now.unix_s)
        if known is not None:
            return known
        if name in work.walking:
            return None  # the very answer that is asked for is being judged: no cut is known
        work.walking |= {name}
        try:
            entry = await self._source.lookup(name, dns.DS, work, validate=True)
        finally:
            work.walking -= {name}
        if entry is None:
            text = f"no DS of {to_text(name)} could be had"
            errors = [error.text for error in work.errors if error.text]
            error = Error(Ede.INDETERMINATE, "; ".join([text, *errors[:1]]))
            return ZoneTrust(name, Security.BOGUS, error=error)
        if entry.security is Security.BOGUS:
            return self._keep(name, Security.BOGUS, BROKEN_S, error=entry.error)
        left_s = entry.remaining_s(self._scheduler.now.unix_s)
        if entry.security is not Security.SECURE:
            return self._keep(name, Security.INSECURE, left_s, error=entry.error)
        if entry.rrset is None:
            return self._undelegated(name, entry, left_s)
        if entry.rrset.rdtype != dns.DS:
            return None  # an alias: no zone begins there
        return await self._descend(above, name, entry.rrset, left_s, work)

    def _undelegated(self, name: bytes, entry: Entry, left_s: int) -> ZoneTrust | None:
        if entry.nxdomain or not is_cut(entry, name):
            return None
        return self._keep(name, Security.INSECURE, left_s)

    async def _descend(
        self, above: ZoneTrust, name: bytes, rrset: RRset, ttl_s: int, work: Work
    ) -> ZoneTrust:
        every = _dses([rrset])
        dses = self._countable(every)
        if not dses:
            error = self._unsupported(name, every)
            return self._keep(name, Security.INSECURE, ttl_s, error=error)
        where = f"the DS in {to_text(above.zone)}"
        return await self._enter(name, dses, [], where, ttl_s, work)

    def _countable(self, dses: list[Ds]) -> list[Ds]:
        """Those that may lead into the zone; SHA-1 only where nothing else does (RFC 4509, 3)."""
        counted = [ds for ds in dses if self._counts(ds)]
        better = [ds for ds in counted if ds.digest_type != keys.SHA1_DIGEST]
        return better or counted

    def _counts(self, ds: Ds) -> bool:
        sha1 = self._settings.allow_sha1
        algorithm = keys.algorithm_counts(ds.algorithm, allow_sha1=sha1)
        return algorithm and keys.digest_counts(ds.digest_type, allow_sha1=sha1)

    def _unsupported(self, name: bytes, dses: list[Ds]) -> Error:
        sha1 = self._settings.allow_sha1
        if any(keys.algorithm_counts(ds.algorithm, allow_sha1=sha1) for ds in dses):
            numbers = ", ".join(sorted({str(ds.digest_type) for ds in dses}))
            text = f"DS of {to_text(name)} has only digest types {numbers}"
            return Error(Ede.UNSUPPORTED_DS_DIGEST, text)
        numbers = ", ".join(sorted({str(ds.algorithm) for ds in dses}))
        text = f"DS of {to_text(name)} has only algorithms {numbers}"
        return Error(Ede.UNSUPPORTED_DNSKEY_ALGORITHM, text)

    async def _enter(
        self, zone: bytes, dses: list[Ds], trusted: list[Key], where: str, ttl_s: int, work: Work
    ) -> ZoneTrust:
        """Fetch the zone's DNSKEY set and hold it against what is already trusted."""
        entry = await self._source.lookup(zone, dns.DNSKEY, work, validate=False)
        while True:
            trust = self._entered(zone, entry, dses, trusted, where, ttl_s, work)
            other = None
            if trust.security is Security.BOGUS and entry is not None:
                self._source.spoil(entry)
                other = await self._source.second_opinion(entry, dns.DNSKEY, work)
            if other is None:
                return trust
            entry = other

    def _entered(
        self,
        zone: bytes,
        entry: Entry | None,
        dses: list[Ds],
        trusted: list[Key],
        where: str,
        ttl_s: int,
        work: Work,
    ) -> ZoneTrust:
        rrset = None if entry is None else entry.rrset
        if rrset is None or rrset.rdtype != dns.DNSKEY:
            text = f"no DNSKEY of {to_text(zone)}, which {where} asks for"
            error = Error(Ede.DNSKEY_MISSING, text)
            if entry is None:
                return ZoneTrust(zone, Security.BOGUS, error=error)
            return self._keep(zone, Security.BOGUS, BROKEN_S, error=error)
        offered = [key for rdata in rrset.rdatas[:MAX_KEYS] if (key := keys.parse_key(rdata))]
        entering = [key for key in offered if _is_entry(zone, key, dses, trusted)]
        if not entering:
            error = _no_entry(zone, offered, dses, where)
            return self._keep(zone, Security.BOGUS, BROKEN_S, error=error)
        now_s = self._scheduler.now.unix_s
        sha1 = self._settings.allow_sha1
        checked = signatures.check(rrset, zone, entering, now_s, work, allow_sha1=sha1)
        if checked.signature is None:
            return self._keep(zone, Security.BOGUS, BROKEN_S, error=checked.error)
        lifetime_s = min(ttl_s, signatures.lifetime_s(checked.signature, now_s), MAX_TRUST_S)
        lifetime_s = min(lifetime_s, max(rrset.ttl_s, 1))
        usable = [key for key in offered if key.usable]
        return self._keep(zone, Security.SECURE, lifetime_s, zone_keys=usable)

    def _keep(
        self,
        zone: bytes,
        security: Security,
        ttl_s: int,
        *,
        zone_keys: list[Key] | None = None,
        error: Error | None = None,
    ) -> ZoneTrust:
        expires_s = self._scheduler.now.unix_s + min(ttl_s, self._cache.max_ttl_s)
        return self.store.put(ZoneTrust(zone, security, zone_keys or [], error, expires_s))


def by_owner(anchors: Iterable[RRset]) -> dict[bytes, list[RRset]]:
    """Trust anchors by the zone that they are for."""
    found: dict[bytes, list[RRset]] = {}
    for rrset in anchors:
        found.setdefault(rrset.key, []).append(rrset)
    return found


def signal_name(zone: bytes, anchors: list[RRset]) -> bytes:
    """The name that tells a zone which keys are trusted: ``_ta-4f66.`` (RFC 8145, 5.1)."""
    tags = {ds.tag for ds in _dses(anchors)} | {key.tag for key in _keys(anchors)}
    label = "_ta-" + "-".join(f"{tag:04x}" for tag in sorted(tags)[:12])
    return bytes((len(label),)) + label.encode() + zone


def is_cut(entry: Entry, name: bytes) -> bool:
    """Whether the proof that ``name`` has no DS shows a delegation there (RFC 4035, 5.2)."""
    for rrset in entry.proofs:
        if rrset.rdtype == dns.NSEC:
            link = nsec.parse(rrset)
            if link is not None and link.owner == name:
                return dns.NS in link.types and dns.SOA not in link.types
        elif rrset.rdtype == dns.NSEC3:
            found = nsec3.parse(rrset)
            if found is not None and found.hash == nsec3.hashed(name, found.params):
                return dns.NS in found.types and dns.SOA not in found.types
    return False


def _dses(rrsets: list[RRset]) -> list[Ds]:
    datas = [rdata for rrset in rrsets if rrset.rdtype == dns.DS for rdata in rrset.rdatas]
    return [ds for rdata in datas[:MAX_DS] if (ds := keys.parse_ds(rdata)) is not None]


def _keys(rrsets: list[RRset]) -> list[Key]:
    datas = [rdata for rrset in rrsets if rrset.rdtype == dns.DNSKEY for rdata in rrset.rdatas]
    return [key for rdata in datas[:MAX_KEYS] if (key := keys.parse_key(rdata)) is not None]


def _is_entry(zone: bytes, key: Key, dses: list[Ds], trusted: list[Key]) -> bool:
    if not key.usable:
        return False
    if any(key.rdata == other.rdata for other in trusted):
        return True
    return any(
        ds.tag == key.tag and ds.algorithm == key.algorithm and keys.digest_matches(zone, key, ds)
        for ds in dses
    )


def _no_entry(zone: bytes, offered: list[Key], dses: list[Ds], where: str) -> Error:
    """Why no key of the zone fits what is trusted."""
    tags = ", ".join(f"key tag {ds.tag} algorithm {ds.algorithm}" for ds in dses)
    fitting = [key for key in offered for ds in dses if key.tag == ds.tag]
    if fitting and not any(key.flags & keys.ZONE_KEY for key in fitting):
        text = f"the DNSKEY of {to_text(zone)} for {where} is no zone key"
        return Error(Ede.NO_ZONE_KEY_BIT, text)
    text = f"no DNSKEY of {to_text(zone)} matches {where}"
    return Error(Ede.DNSKEY_MISSING, f"{text} ({tags})" if tags else text)
