"""From a client's question to its response: along the aliases, link by link (RFC 1034, 5.3.3)."""

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.names import ROOT
from firstbyte.resolver.cache import Entry
from firstbyte.resolver.machine import composing, dns64, rebinding, sentinel, special
from firstbyte.resolver.machine.finding import Finder
from firstbyte.resolver.machine.recalling import Recaller
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import (
    BOGUS,
    SECURE,
    Ede,
    Error,
    Question,
    Response,
    Security,
)
from firstbyte.resolver.machine.work import Work


class Answerer:
    """Answers clients with what the finder finds."""

    def __init__(self, settings: Settings, finder: Finder) -> None:
        self.settings = settings
        self.finder = finder
        self.recaller = Recaller(settings, finder)
        anchored = [rrset.key for rrset in settings.validation.anchors]
        self._configured = {*settings.stub, *settings.forward, *anchored}
        if not settings.public_root:
            self._configured |= special.NAMES_OF_PRIVATE_ROOTS

    async def answer(self, question: Question) -> Response:
        """The response to a client's question."""
        if self.settings.special_use:
            local = special.answer(question, self._configured)
            if local is not None:
                return local
        if question.rdtype in dns.META_TYPES:
            return Response(dns.NOTIMP)
        if not question.recursion_desired:
            return self._withheld(question, self.recaller.at_hand(question))
        work = Work(self.settings.limits)
        if self.settings.dns64_prefix is not None:
            return await self._translated(question, work)
        response = await self._chain(question, work)
        response.asked = work.exchanges > 0
        return self._withheld(question, response)

    async def _translated(self, question: Question, work: Work) -> Response:
        """The response where IPv6 addresses are made of IPv4 ones."""
        inner = dns64.reverse(self.settings, question)
        if inner is not None:
            return dns64.renamed(await self._chain(inner, work), inner.name, question.name)
        response = await self._chain(question, work)
        if dns64.applies(self.settings, question, response):
            response = await self._dns64(question, response, work)
        return self._withheld(question, response)

    def _withheld(self, question: Question, response: Response) -> Response:
        """The response without what the client shall not see."""
        if response.security is SECURE and self.settings.validation.root_key_sentinel:
            root = self.finder.validator.chain.anchors.get(ROOT, ())
            response = sentinel.told(question, response, root)
        harden = self.settings.harden
        return rebinding.cleaned(response, harden) if harden.private_addresses else response

    async def _chain(self, question: Question, work: Work) -> Response:
        response = Response(dns.NOERROR, security=SECURE, ttl_s=self.settings.cache.max_ttl_s)
        validate = self.settings.validation.enabled and not question.checking_disabled
        name = question.name
        seen = set()
        for _ in range(self.settings.limits.aliases + 1):
            seen.add(name)
            entry = await self.finder.lookup(name, question.rdtype, work, validate=validate)
            if question.rdtype == dns.DS and entry is not None and _lacks_soa(entry):
                entry = await self.finder.completed(entry, work, validate=validate)
            if entry is None:
                return self._failed(question, work)
            if validate and entry.security is BOGUS:
                return self.recaller.stale_if_kept(question) or composing.bogus(entry, work)
            if question.rdtype == dns.ANY and entry.rrset is not None:
                return await self._any(question, entry, work, validate)
            self._add(response, entry)
            target = composing.target(entry, question.rdtype)
            if target is None:
                return composing.finished(response, entry, question.rdtype)
            if target in seen:
                return composing.looping(response, entry)
            name = target
        return Response(dns.SERVFAIL, errors=[Error(Ede.OTHER, "too many aliases")])

    def _add(self, response: Response, entry: Entry) -> None:
        composing.add(response, entry, self.settings.cache, self.finder.scheduler.now.unix_s)

    async def _any(self, question: Question, found: Entry, work: Work, validate: bool) -> Response:
        """All that the server gave for ANY, or what was at hand (RFC 8482, 4.1).

        The daemon shows less of it over UDP.
        """
        response = Response(dns.NOERROR, security=SECURE)
        fresh = [entry for (name, _), entry in work.fresh.items() if name == question.name]
        for entry in fresh or [found]:
            if entry.rrset is None:
                continue
            if validate and entry.security is Security.UNCHECKED:
                await self.finder.settle(entry, work)
            if validate and entry.security is BOGUS:
                return composing.bogus(entry, work)
            self._add(response, entry)
        return response

    def _failed(self, question: Question, work: Work) -> Response:
        stale = self.recaller.stale_if_kept(question)
        return stale or Response(dns.SERVFAIL, errors=list(work.errors))

    async def _dns64(self, question: Question, negative: Response, work: Work) -> Response:
        """RFC 6147, 5.1: AAAA records made of the name's A records."""
        asked = Question(question.name, dns.A, question.checking_disabled)
        found = await self._chain(asked, work)
        if found.rcode == dns.SERVFAIL:
            return found  # nothing is known of IPv4, and that may pass: "no data" would be kept
        return dns64.synthesised(self.settings, found, negative) or negative


def _lacks_soa(entry: Entry) -> bool:
    return entry.aside and entry.rrset is None and entry.soa is None
