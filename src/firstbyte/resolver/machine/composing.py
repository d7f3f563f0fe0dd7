"""From entries to a response: one link of a chain of aliases after the other, and its end."""

from collections.abc import Sequence
from ipaddress import ip_address

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.resolver.cache import Entry
from firstbyte.resolver.machine.delegations import Delegation
from firstbyte.resolver.machine.settings import CacheSettings
from firstbyte.resolver.machine.store import refreshed_s
from firstbyte.resolver.machine.values import Ede, Error, Response, Security
from firstbyte.resolver.machine.work import Work


def add(response: Response, entry: Entry, settings: CacheSettings, now_s: float) -> None:
    """Put what an entry holds into the response, with what is left of its time."""
    left_s = entry.remaining_s(now_s) if entry.expires_s else 0
    again_s = left_s - refreshed_s(entry, settings) if settings.prefetch else left_s
    response.ttl_s = min(response.ttl_s, again_s)
    if entry.security < response.security:
        response.security = entry.security
    shown_s = left_s if entry.expires_s else entry.ttl_s
    if entry.error is not None and entry.error not in response.errors:
        response.errors.append(entry.error)
    if entry.rrset is not None and not (entry.dname or entry.proofs):
        response.answer.append(entry.rrset.with_ttl(shown_s))
    else:
        _add_sets(response, entry, shown_s)
    if entry.authority:
        response.authority += _aged(entry, entry.authority, response, settings, now_s)
    if entry.additional:
        response.additional += _aged(entry, entry.additional, response, settings, now_s)


def _add_sets(response: Response, entry: Entry, shown_s: int) -> None:
    """The set with what it follows from and what proves it, or the proof that there is none."""
    dname = entry.dname
    if dname is not None and all(rrset.key != dname.key for rrset in response.answer):
        response.answer.append(dname.with_ttl(min(dname.ttl_s, shown_s)))
    if entry.rrset is not None:
        response.answer.append(entry.rrset.with_ttl(shown_s))
    elif entry.soa is not None:
        response.authority.append(entry.soa.with_ttl(shown_s))
    for rrset in entry.proofs:
        response.authority.append(rrset.with_ttl(min(rrset.ttl_s, shown_s)))


def _aged(
    entry: Entry,
    rrsets: Sequence[RRset],
    response: Response,
    settings: CacheSettings,
    now_s: float,
) -> list[RRset]:
    """Sets that came beside an entry, each with what is left of its own time."""
    age_s = int(now_s - entry.stored_s) if entry.expires_s else 0
    aged = []
    for rrset in rrsets:
        left_s = min(max(rrset.ttl_s, settings.min_ttl_s), settings.max_ttl_s) - age_s
        if left_s > 0 or not age_s or response.stale:
            response.ttl_s = min(response.ttl_s, left_s)
            aged.append(rrset.with_ttl(left_s))
    return aged


def target(entry: Entry, rdtype: int) -> bytes | None:
    """Where an alias leads, when the alias itself was not asked for."""
    rrset = entry.rrset
    if rrset is None or rrset.rdtype != dns.CNAME or rdtype in (dns.CNAME, dns.ANY):
        return None
    return rrset.rdatas[0].lower()


def looping(response: Response, end: Entry) -> Response:
    """A loop of aliases is signalled as an error (RFC 1034, 3.6.2).

    A DNAME that makes one is shown: other names below it may be well.
    """
    answer = [] if end.dname is None else response.answer
    errors = [Error(Ede.OTHER, "the aliases form a loop")]
    return Response(dns.SERVFAIL, answer, errors=errors)


def finished(response: Response, entry: Entry, rdtype: int) -> Response:
    """Give the response its code, from the last link of its chain."""
    response.compact = entry.compact
    if entry.nxdomain:
        response.rcode = dns.NXDOMAIN
    elif entry.rrset is not None and entry.rrset.rdtype != rdtype and rdtype != dns.ANY:
        response.rcode = dns.YXDOMAIN
    return response


def bogus(entry: Entry, work: Work) -> Response:
    """SERVFAIL with the broken link; with what befell the questions only where that broke it."""
    errors = [entry.error or Error(Ede.BOGUS)]
    if errors[0].code in (Ede.INDETERMINATE, Ede.DNSKEY_MISSING):
        errors += work.errors
    elif errors[0].code is Ede.NSEC_MISSING:
        errors.append(Error(Ede.BOGUS))  # others know a proof that falls short as this only
    return Response(dns.SERVFAIL, security=Security.BOGUS, errors=errors)


def as_stale(response: Response, entry: Entry, ttl_s: int) -> Response:
    """Mark a response as made of data that ended with ``entry`` (RFC 8767, 4 and 6)."""
    response.answer = [rrset.with_ttl(ttl_s) for rrset in response.answer]
    response.authority = [rrset.with_ttl(ttl_s) for rrset in response.authority]
    response.additional = [rrset.with_ttl(ttl_s) for rrset in response.additional]
    code = Ede.STALE_NXDOMAIN if entry.nxdomain else Ede.STALE_ANSWER
    response.errors = [Error(code)]
    response.ttl_s = 0
    return response


def referral(cut: Delegation, now_s: float) -> Response:
    """The servers of a known delegation, with the addresses that are known of them."""
    ttl_s = max(0, int(cut.expires_s - now_s))
    response = Response(dns.NOERROR, security=Security.INSECURE)
    response.authority.append(RRset(cut.zone, dns.NS, ttl_s, list(cut.names)))
    for name in cut.names:
        addresses = [ip_address(text) for text in cut.glue.get(name) or cut.found.get(name, ())]
        for rdtype, version in ((dns.A, 4), (dns.AAAA, 6)):
            rdatas = [address.packed for address in addresses if address.version == version]
            if rdatas:
                response.additional.append(RRset(name, rdtype, ttl_s, rdatas))
    return response
