"""Answers from what is at hand, for which nobody is asked: questions without RD, stale data."""

from collections.abc import Callable

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.names import parent
from firstbyte.resolver.cache import Entry
from firstbyte.resolver.machine import composing, rebinding
from firstbyte.resolver.machine.finding import Finder
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import Ede, Error, Question, Response, Security
from firstbyte.resolver.machine.work import Work

Find = Callable[[Question, bytes], Entry | None]
_NOTHING_KNOWN = Error(
    Ede.NOT_AUTHORITATIVE, "recursion was not desired, and nothing is known of it"
)


class Recaller:
    """Builds responses of what the finder knows."""

    def __init__(self, settings: Settings, finder: Finder) -> None:
        self.settings = settings
        self.finder = finder

    def stale(self, question: Question) -> Response | None:
        """What was known of it, though its time has passed (RFC 8767, 4 and 5); None: nothing.

        Data that nobody has judged yet are for those who judge themselves.
        """
        response = Response(dns.NOERROR, security=Security.SECURE, stale=True)
        entry = self._gathered(question, response, self._once_known)
        if entry is None:
            return None
        stale = composing.as_stale(response, entry, self.settings.cache.stale.reply_ttl_s)
        return rebinding.cleaned(stale, self.settings.harden)

    def at_hand(self, question: Question) -> Response:
        """The answer to a question without RD: what is known, for which nobody is asked."""
        ttl_s = self.settings.cache.max_ttl_s
        response = Response(dns.NOERROR, security=Security.SECURE, ttl_s=ttl_s)
        if self._gathered(question, response, self._surely_known) is not None:
            return response
        known = self.stale_if_kept(question) or self._known_to_fail(question)
        if known is not None:
            return known
        return self._referral(question) or Response(dns.REFUSED, errors=[_NOTHING_KNOWN])

    def _referral(self, question: Question) -> Response | None:
        """The best delegation that is known (RFC 1034, 4.3.2, step 4), for who asks on himself.

        The hints are none: they are not the tree's own word.
        """
        name = question.name
        if question.rdtype == dns.DS and len(name) > 1:
            name = parent(name)
        now_s = self.finder.scheduler.now.unix_s
        cut = self.finder.fetcher.iterator.delegations.closest(name, now_s)
        if cut is None or cut.kind != "referral":
            return None
        return composing.referral(cut, now_s)

    def stale_if_kept(self, question: Question) -> Response | None:
        """``stale``, where the configuration wants that."""
        return self.stale(question) if self.settings.cache.stale.enabled else None

    def _known_to_fail(self, question: Question) -> Response | None:
        """SERVFAIL where it is known that the question ends so, and why."""
        name = question.name
        work = Work(self.settings.limits)
        for _ in range(self.settings.limits.aliases + 1):
            entry = self.finder.store.known(name, question.rdtype, work)
            if entry is not None and entry.security is Security.BOGUS:
                return None if self._may_give(entry, question) else composing.bogus(entry, work)
            target = None if entry is None else composing.target(entry, question.rdtype)
            if target is None:
                break
            name = target
        failed = self.finder.fetcher.failures.get(
            name, question.rdtype, self.finder.scheduler.now.unix_s
        )
        return None if failed is None else Response(dns.SERVFAIL, errors=list(failed))

    def _gathered(self, question: Question, response: Response, find: Find) -> Entry | None:
        """Fill a response along the aliases; the last entry, or None where a link is missing."""
        name = question.name
        for _ in range(self.settings.limits.aliases + 1):
            entry = find(question, name)
            if entry is None:
                return None
            composing.add(response, entry, self.settings.cache, self.finder.scheduler.now.unix_s)
            target = composing.target(entry, question.rdtype)
            if target is None:
                composing.finished(response, entry, question.rdtype)
                return entry
            name = target
        return None

    def _surely_known(self, question: Question, name: bytes) -> Entry | None:
        entry = self.finder.store.known(name, question.rdtype, Work(self.settings.limits))
        return entry if entry is not None and self._may_give(entry, question) else None

    def _once_known(self, question: Question, name: bytes) -> Entry | None:
        now_s = self.finder.scheduler.now.unix_s
        entry = self.finder.cache.get_stale(name, question.rdtype, now_s)
        entry = entry or self.finder.cache.get_stale(name, dns.CNAME, now_s)
        return entry if entry is not None and self._may_give(entry, question) else None

    def _may_give(self, entry: Entry, question: Question) -> bool:
        """Whether it was judged, and found good, or need not be."""
        if question.checking_disabled or not self.settings.validation.enabled:
            return True
        return entry.security not in (Security.UNCHECKED, Security.BOGUS)
