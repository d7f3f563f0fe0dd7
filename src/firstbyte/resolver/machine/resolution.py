"""From a client's question to its response: cache, aliases, iteration, validation, in this order.

Every lookup of one name and type is one *fetch*, shared by all who want it at the same time; what
it finds is kept unvalidated and judged when it is first used, so that a question with CD and one
without share the data (RFC 4035, 3.2.2).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import ROOT, parent, to_text
from firstbyte.resolver.cache import NXDOMAIN_TYPE, Cache, Entry
from firstbyte.resolver.machine import dns64, rebinding, sentinel, special
from firstbyte.resolver.machine.delegations import Delegation
from firstbyte.resolver.machine.entries import alias_hints, delegation_entries, entries_of
from firstbyte.resolver.machine.failures import Failures
from firstbyte.resolver.machine.iterator import Iterator
from firstbyte.resolver.machine.replies import Reply, address_text, substitute
from firstbyte.resolver.machine.scheduler import Flight, Scheduler
from firstbyte.resolver.machine.servers import Servers
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import Ede, Error, Question, Response, Security
from firstbyte.resolver.machine.work import Work
from firstbyte.resolver.validator.aggressive import Denials
from firstbyte.resolver.validator.validator import Validator

NULL = 10
"""The type of trust anchor signals (RFC 8145, 5.1)."""
MAX_SECOND_OPINIONS = 3
"""How many more servers are asked where one gave bogus data."""
PREFETCH_SHARE = 0.1
"""An entry in the last tenth of its life is fetched anew when it is used."""

Find = Callable[[Question, bytes], Entry | None]


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one fetch found, for all who wait for it."""

    entries: list[Entry]
    errors: list[Error]


class Resolution:
    """All that is known, and how to know more."""

    def __init__(
        self, settings: Settings, scheduler: Scheduler, draw: Callable[[int], int]
    ) -> None:
        self.settings = settings
        self.scheduler = scheduler
        self.cache = Cache(settings.cache)
        self.failures = Failures()
        self.servers = Servers(draw)
        self.iterator = Iterator(
            settings, scheduler, self.servers, self._addresses, self._learn_referral
        )
        self.validator = Validator(settings, scheduler, self)
        self.denials = Denials(settings)
        self._in_flight: dict[tuple[bytes, int], Flight[_Batch]] = {}
        anchored = [rrset.key for rrset in settings.validation.anchors]
        self._configured = {*settings.stub, *settings.forward, *anchored}
        if not settings.public_root:
            self._configured |= special.NAMES_OF_PRIVATE_ROOTS

    # one name and type ----------------------------------------------------------------------

    async def lookup(
        self, name: bytes, rdtype: int, work: Work, *, validate: bool, depth: int = 0
    ) -> Entry | None:
        """The entry for a name and type: data, an alias, or that there is nothing.

        None when nothing could be learned; ``work.errors`` says why. With ``validate`` the entry
        is judged (its ``security`` is not ``UNCHECKED``).
        """
        entry = self.known(name, rdtype, work)
        if entry is None and validate:
            entry = self._inferred(name, rdtype)
        if entry is not None:
            self._refresh_early(entry, rdtype)
        else:
            entry = await self._fetched(name, rdtype, work, depth)
        if entry is None or not validate:
            return entry
        if entry.security is Security.UNCHECKED:
            entry = await self._reconsidered(entry, rdtype, work)
            await self._settle(entry, work)
        for _ in range(MAX_SECOND_OPINIONS):
            other = None
            if entry.security is Security.BOGUS:
                other = await self.second_opinion(entry, rdtype, work)
            if other is None:
                break
            await self._settle(other, work)
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
            self._forget(entry, work)
            return await self._fetched(entry.key, rdtype, work, 0)
        fresh = work.fresh.get((entry.key, entry.rdtype)) is entry
        if not fresh or entry.server is None:
            return None
        work.distrusted.add(entry.server)
        blamed = list(work.errors)
        self._forget(entry, work)
        found = await self._fetched(entry.key, rdtype, work, 0)
        if found is None or found.server in work.distrusted:
            self.failures.worked(entry.key, rdtype)
            self.cache.put(entry, self.scheduler.now.unix_s)
            work.errors[:] = blamed
            return None
        return found

    def _forget(self, entry: Entry, work: Work) -> None:
        self.cache.forget(entry.key, NXDOMAIN_TYPE if entry.nxdomain else entry.rdtype)
        work.fresh.pop((entry.key, entry.rdtype), None)

    async def _settle(self, entry: Entry, work: Work) -> None:
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
                self._forget(entry, work)
            else:
                self.spoil(entry)
            return
        entry.former = None
        self._supersede(entry)
        if entry.security is Security.SECURE:
            self.denials.learn(entry, now)

    def _supersede(self, entry: Entry) -> None:
        """Forget stale data where good new ones came that may not be kept (TTL 0)."""
        if self.settings.cache.stale.enabled and entry.ttl_s <= 0:
            self.cache.forget(entry.key, entry.rdtype)
            self.cache.forget(entry.key, NXDOMAIN_TYPE)

    def spoil(self, entry: Entry) -> None:
        """Keep broken data for a short time only: they may be mended."""
        self.cache.shorten(entry, self.settings.cache.bogus_ttl_s)

    def known(self, name: bytes, rdtype: int, work: Work) -> Entry | None:
        """What is at hand: data, an alias, or a denial."""
        fresh = work.fresh
        now_s = self.scheduler.now.unix_s
        entry = fresh.get((name, rdtype)) or self.cache.get(name, rdtype, now_s)
        if entry is not None:
            return entry
        entry = fresh.get((name, dns.CNAME))
        if entry is None and rdtype != dns.DS and rdtype != dns.CNAME:
            entry = self.cache.get_data(name, dns.CNAME, now_s)
        if entry is not None and entry.rrset is not None:
            return entry
        return self._implied(name, now_s)

    def _implied(self, name: bytes, now_s: float) -> Entry | None:
        """What names above imply: a DNAME's alias (RFC 6672), or that nothing is below (8020)."""
        above = name
        while len(above) > 1:
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

    def _refreshed_s(self, entry: Entry) -> int:
        """How long before its end an entry is fetched anew when it is used."""
        if not self.settings.cache.prefetch or entry.rrset is None or entry.ttl_s < 10:
            return 0
        return int(entry.ttl_s * PREFETCH_SHARE)

    def _refresh_early(self, entry: Entry, rdtype: int) -> None:
        early_s = self._refreshed_s(entry)
        left_s = entry.expires_s - self.scheduler.now.unix_s
        place = (entry.key, rdtype)
        if early_s and left_s <= early_s and place not in self._in_flight:
            self.scheduler.spawn(self._fetch_ahead(place))

    async def _fetched(self, name: bytes, rdtype: int, work: Work, depth: int) -> Entry | None:
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
        return self.known(name, rdtype, work)

    async def _begin(self, place: tuple[bytes, int], work: Work, depth: int) -> _Batch:
        """Fetch for all who come to want the same before it is there."""
        flight = self._in_flight[place] = self.scheduler.flight()
        batch: _Batch | None = None
        try:
            batch = await self._fetch(*place, work, depth)
            return batch
        finally:
            del self._in_flight[place]
            self.scheduler.land(flight, batch)

    async def _fetch_ahead(self, place: tuple[bytes, int]) -> None:
        """Fetch what nobody waits for yet."""
        if place not in self._in_flight:
            await self._begin(place, Work(self.settings.limits), 0)

    async def _fetch(self, name: bytes, rdtype: int, work: Work, depth: int) -> _Batch:
        before = work.exchanges
        fetched = await self.iterator.fetch(name, rdtype, work, depth)
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
                self.cache.put(entry, now_s)
                if not self.settings.validation.enabled:
                    self._supersede(entry)
            if fetched is not None:
                self._learn_hints(alias_hints(fetched.reply, fetched.cut.zone))
        return _Batch(entries, [])

    def _learn_referral(self, reply: Reply, above: Delegation) -> None:
        self._learn_hints(delegation_entries(reply, above.zone))

    def _learn_hints(self, hints: list[Entry]) -> None:
        """Keep what was said of DS in passing, unless it is known for sure."""
        now_s = self.scheduler.now.unix_s
        for entry in hints:
            present = self.cache.get(entry.key, dns.DS, now_s)
            if present is None or present.security is Security.UNCHECKED:
                self.cache.put(entry, now_s)

    async def _addresses(self, name: bytes, work: Work, depth: int) -> tuple[str, ...]:
        """The addresses of a server name, the first family that has any."""
        kinds = []
        if self.settings.ipv4:
            kinds.append(dns.A)
        if self.settings.ipv6:
            kinds.append(dns.AAAA)
        for rdtype in kinds:
            found = await self._targets(name, rdtype, work, depth)
            if found:
                return found
        return ()

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

    # a client's question --------------------------------------------------------------------

    async def answer(self, question: Question) -> Response:
        """The response to a client's question."""
        if self.settings.special_use:
            local = special.answer(question, self._configured)
            if local is not None:
                return local
        if question.rdtype in dns.META_TYPES:
            return Response(dns.NOTIMP)
        if not question.recursion_desired:
            return self._withheld(question, self._at_hand(question))
        work = Work(self.settings.limits)
        inner = dns64.reverse(self.settings, question)
        if inner is not None:
            return dns64.renamed(await self._chain(inner, work), inner.name, question.name)
        response = await self._chain(question, work)
        if dns64.applies(self.settings, question, response):
            response = await self._dns64(question, response, work)
        return self._withheld(question, response)

    def _withheld(self, question: Question, response: Response) -> Response:
        """The response without what the client shall not see."""
        if self.settings.validation.root_key_sentinel:
            root = self.validator.chain.anchors.get(ROOT, ())
            response = sentinel.told(question, response, root)
        return rebinding.cleaned(response, self.settings.harden)

    async def _chain(self, question: Question, work: Work) -> Response:
        response = Response(
            dns.NOERROR, security=Security.SECURE, ttl_s=self.settings.cache.max_ttl_s
        )
        validate = self.settings.validation.enabled and not question.checking_disabled
        name = question.name
        seen = set()
        for _ in range(self.settings.limits.aliases + 1):
            seen.add(name)
            entry = await self.lookup(name, question.rdtype, work, validate=validate)
            if question.rdtype == dns.DS and entry is not None and _lacks_soa(entry):
                entry = await self._complete(entry, work, validate=validate)
            if entry is None:
                return self._failed(question, work)
            if entry.security is Security.BOGUS and validate:
                return self._stale_if_kept(question) or _bogus(entry, work)
            if question.rdtype == dns.ANY and entry.rrset is not None:
                return await self._any(question, work, validate)
            self._add(response, entry)
            target = _target(entry, question.rdtype)
            if target is None:
                return _finished(response, entry, question.rdtype)
            if target in seen:
                return _looping(response, entry)
            name = target
        return Response(dns.SERVFAIL, errors=[Error(Ede.OTHER, "too many aliases")])

    async def _complete(self, entry: Entry, work: Work, *, validate: bool) -> Entry:
        """A referral's denial of DS has no SOA, which a client needs (RFC 2308, 3): find it."""
        if validate:
            inferred = self._inferred(entry.key, dns.DS)
            if inferred is not None:
                return inferred
        fresh = await self._fetched(entry.key, dns.DS, work, 0)
        if fresh is None:
            return entry
        if validate and fresh.security is Security.UNCHECKED:
            await self._settle(fresh, work)
        return entry if fresh.security is Security.BOGUS else fresh

    def _add(self, response: Response, entry: Entry) -> None:
        left_s = entry.remaining_s(self.scheduler.now.unix_s) if entry.expires_s else 0
        response.ttl_s = min(response.ttl_s, left_s - self._refreshed_s(entry))
        response.security = min(response.security, entry.security)
        shown_s = left_s if entry.expires_s else entry.ttl_s
        if entry.error is not None and entry.error not in response.errors:
            response.errors.append(entry.error)
        dname = entry.dname
        if dname is not None and all(rrset.key != dname.key for rrset in response.answer):
            response.answer.append(dname.with_ttl(min(dname.ttl_s, shown_s)))
        if entry.rrset is not None:
            response.answer.append(entry.rrset.with_ttl(shown_s))
        elif entry.soa is not None:
            response.authority.append(entry.soa.with_ttl(shown_s))
        for rrset in entry.proofs:
            response.authority.append(rrset.with_ttl(min(rrset.ttl_s, shown_s)))
        response.authority += self._aged(entry, entry.authority, response)
        response.additional += self._aged(entry, entry.additional, response)

    def _aged(self, entry: Entry, rrsets: Sequence[RRset], response: Response) -> list[RRset]:
        """Sets that came beside an entry, each with what is left of its own time."""
        settings = self.settings.cache
        age_s = int(self.scheduler.now.unix_s - entry.stored_s) if entry.expires_s else 0
        aged = []
        for rrset in rrsets:
            left_s = min(max(rrset.ttl_s, settings.min_ttl_s), settings.max_ttl_s) - age_s
            if left_s > 0 or not age_s or response.stale:
                response.ttl_s = min(response.ttl_s, left_s)
                aged.append(rrset.with_ttl(left_s))
        return aged

    async def _any(self, question: Question, work: Work, validate: bool) -> Response:
        """All that the server gave for ANY; the daemon shows less of it over UDP (RFC 8482)."""
        response = Response(dns.NOERROR, security=Security.SECURE)
        for (name, _), entry in list(work.fresh.items()):
            if name != question.name or entry.rrset is None:
                continue
            if validate and entry.security is Security.UNCHECKED:
                await self._settle(entry, work)
            if validate and entry.security is Security.BOGUS:
                return _bogus(entry, work)
            self._add(response, entry)
        return response

    def _failed(self, question: Question, work: Work) -> Response:
        stale = self._stale_if_kept(question)
        return stale or Response(dns.SERVFAIL, errors=list(work.errors))

    def _stale_if_kept(self, question: Question) -> Response | None:
        return self.stale(question) if self.settings.cache.stale.enabled else None

    def stale(self, question: Question) -> Response | None:
        """What was known of it, though its time has passed (RFC 8767, 4 and 5); None: nothing.

        Data that nobody has judged yet are for those who judge themselves.
        """
        response = Response(dns.NOERROR, security=Security.SECURE, stale=True)
        entry = self._gathered(question, response, self._once_known)
        if entry is None:
            return None
        stale = _as_stale(response, entry, self.settings.cache.stale.reply_ttl_s)
        return rebinding.cleaned(stale, self.settings.harden)

    def _at_hand(self, question: Question) -> Response:
        """The answer to a question without RD: what is known, for which nobody is asked."""
        ttl_s = self.settings.cache.max_ttl_s
        response = Response(dns.NOERROR, security=Security.SECURE, ttl_s=ttl_s)
        if self._gathered(question, response, self._surely_known) is not None:
            return response
        known = self._stale_if_kept(question) or self._known_to_fail(question)
        if known is not None:
            return known
        why = Error(Ede.NOT_AUTHORITATIVE, "recursion was not desired, and nothing is known of it")
        return Response(dns.REFUSED, errors=[why])

    def _known_to_fail(self, question: Question) -> Response | None:
        """SERVFAIL where it is known that the question ends so, and why."""
        name = question.name
        work = Work(self.settings.limits)
        for _ in range(self.settings.limits.aliases + 1):
            entry = self.known(name, question.rdtype, work)
            if entry is not None and entry.security is Security.BOGUS:
                return None if self._may_give(entry, question) else _bogus(entry, work)
            target = None if entry is None else _target(entry, question.rdtype)
            if target is None:
                break
            name = target
        failed = self.failures.get(name, question.rdtype, self.scheduler.now.unix_s)
        return None if failed is None else Response(dns.SERVFAIL, errors=list(failed))

    def _gathered(self, question: Question, response: Response, find: Find) -> Entry | None:
        """Fill a response along the aliases; the last entry, or None where a link is missing."""
        name = question.name
        for _ in range(self.settings.limits.aliases + 1):
            entry = find(question, name)
            if entry is None:
                return None
            self._add(response, entry)
            target = _target(entry, question.rdtype)
            if target is None:
                _finished(response, entry, question.rdtype)
                return entry
            name = target
        return None

    def _surely_known(self, question: Question, name: bytes) -> Entry | None:
        entry = self.known(name, question.rdtype, Work(self.settings.limits))
        return entry if entry is not None and self._may_give(entry, question) else None

    def _once_known(self, question: Question, name: bytes) -> Entry | None:
        now_s = self.scheduler.now.unix_s
        entry = self.cache.get_stale(name, question.rdtype, now_s)
        entry = entry or self.cache.get_stale(name, dns.CNAME, now_s)
        return entry if entry is not None and self._may_give(entry, question) else None

    def _may_give(self, entry: Entry, question: Question) -> bool:
        """Whether it was judged, and found good, or need not be."""
        if question.checking_disabled or not self.settings.validation.enabled:
            return True
        return entry.security not in (Security.UNCHECKED, Security.BOGUS)

    async def _dns64(self, question: Question, negative: Response, work: Work) -> Response:
        """RFC 6147, 5.1: AAAA records made of the name's A records."""
        asked = Question(question.name, dns.A, question.checking_disabled)
        found = await self._chain(asked, work)
        return dns64.synthesised(self.settings, found, negative) or negative

    def signal(self, name: bytes) -> None:
        """Ask for a name whose question is the message (RFC 8145, 5); nobody waits."""
        self.scheduler.spawn(self._fetch_ahead((name, NULL)))

    def trust_in(self, anchors: Iterable[RRset]) -> None:
        """Take other trust anchors; what was judged by the old ones is forgotten."""
        self.clear()
        self.validator.trust_in(anchors)

    def clear(self) -> None:
        """Forget all that was learned."""
        self.cache.clear()
        self.failures.clear()
        self.iterator.delegations.clear()
        self.denials.clear()
        self.validator.clear()


def _lacks_soa(entry: Entry) -> bool:
    return entry.aside and entry.rrset is None and entry.soa is None


def _is_signed(entry: Entry) -> bool:
    sets = (entry.rrset, entry.dname, entry.soa, *entry.proofs)
    return any(rrset is not None and rrset.signatures for rrset in sets)


def _target(entry: Entry, rdtype: int) -> bytes | None:
    """Where an alias leads, when the alias itself was not asked for."""
    rrset = entry.rrset
    if rrset is None or rrset.rdtype != dns.CNAME or rdtype in (dns.CNAME, dns.ANY):
        return None
    return rrset.rdatas[0].lower()


def _looping(response: Response, end: Entry) -> Response:
    """A loop of aliases is signalled as an error (RFC 1034, 3.6.2).

    A DNAME that makes one is shown: other names below it may be well.
    """
    answer = [] if end.dname is None else response.answer
    errors = [Error(Ede.OTHER, "the aliases form a loop")]
    return Response(dns.SERVFAIL, answer, errors=errors)


def _finished(response: Response, entry: Entry, rdtype: int) -> Response:
    response.compact = entry.compact
    if entry.nxdomain:
        response.rcode = dns.NXDOMAIN
    elif entry.rrset is not None and entry.rrset.rdtype != rdtype and rdtype != dns.ANY:
        response.rcode = dns.YXDOMAIN
    return response


def _bogus(entry: Entry, work: Work) -> Response:
    """SERVFAIL with the broken link; with what befell the questions only where that broke it."""
    errors = [entry.error or Error(Ede.BOGUS)]
    if errors[0].code in (Ede.INDETERMINATE, Ede.DNSKEY_MISSING):
        errors += work.errors
    elif errors[0].code is Ede.NSEC_MISSING:
        errors.append(Error(Ede.BOGUS))  # others know a proof that falls short as this only
    return Response(dns.SERVFAIL, security=Security.BOGUS, errors=errors)


def _as_stale(response: Response, entry: Entry, ttl_s: int) -> Response:
    response.answer = [rrset.with_ttl(ttl_s) for rrset in response.answer]
    response.authority = [rrset.with_ttl(ttl_s) for rrset in response.authority]
    response.additional = [rrset.with_ttl(ttl_s) for rrset in response.additional]
    code = Ede.STALE_NXDOMAIN if entry.nxdomain else Ede.STALE_ANSWER
    response.errors = [Error(code)]
    response.ttl_s = 0
    return response


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
