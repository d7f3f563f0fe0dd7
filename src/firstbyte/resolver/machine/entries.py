"""From a scrubbed reply to things known: one entry for each link of its chain, and its end."""

from collections.abc import Sequence

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import ancestors, is_under, label_count, parent
from firstbyte.resolver.cache import AUTHORITATIVE, Entry, Rank
from firstbyte.resolver.machine.iterator import Fetched
from firstbyte.resolver.machine.replies import Reply
from firstbyte.resolver.validator import nsec

MAX_HINTS = 4
"""Names for which one set of hashed proofs is kept as a hint."""


def entries_of(fetched: Fetched, name: bytes, rdtype: int, *, full: bool) -> list[Entry]:
    """What the reply says of ``name`` and of the names that it leads to."""
    reply = fetched.reply
    rank = AUTHORITATIVE if reply.authoritative else Rank.ANSWER
    made = []
    before: RRset | None = None
    for link in reply.links:
        entry = Entry(link.key, link.rdtype, link, link.ttl_s)
        implied = before is not None and before.rdtype == dns.DNAME and link.key != before.key
        if implied and link.rdtype == dns.CNAME:
            entry.dname = before
        before = link
        if link.signatures or entry.dname is not None:
            _prove(entry, reply)
        made.append(entry)
    if reply.complete and made and (full or rdtype == dns.NS):
        made[-1].additional = reply.additional
    if reply.complete and made and full:
        made[-1].authority = reply.authority
    elif reply.proofs and _leads_over_a_cut(reply) and not made[-1].wildcard:
        made[-1].authority = [rrset for rrset in reply.proofs if rrset.signatures]
    if reply.negative:
        made.append(_negative(reply, name, rdtype))
    for entry in made:
        entry.aside = entry.key != name
        entry.rank = rank
        entry.zone = fetched.cut.zone
        entry.server = reply.server
    return made


def _prove(entry: Entry, reply: Reply) -> None:
    """Keep the denial beside a set that a wildcard made (RFC 4035, 3.1.3.3)."""
    rrset = entry.dname or entry.rrset
    if rrset is not None and is_expanded(rrset):
        entry.wildcard = True
        entry.proofs = reply.proofs


def is_expanded(rrset: RRset) -> bool:
    """Whether a signature says that the owner came from a wildcard (RFC 4034, 3.1.3)."""
    if not rrset.signatures:
        return False
    owner = label_count(rrset.key)
    return any(signature[3] < owner for signature in rrset.signatures) and not (
        rrset.key.startswith(b"\x01*") and any(s[3] == owner - 1 for s in rrset.signatures)
    )


def _negative(reply: Reply, name: bytes, rdtype: int) -> Entry:
    """That there is nothing at the chain's end; kept by the SOA's word (RFC 2308, 5)."""
    end = reply.end if reply.links else name
    ttl_s = 0
    if reply.soa is not None:
        ttl_s = min(reply.soa.ttl_s, soa_minimum(reply.soa))
    entry = Entry(end, rdtype, None, ttl_s)
    entry.nxdomain = reply.rcode == dns.NXDOMAIN
    entry.soa = reply.soa
    entry.proofs = reply.proofs
    return entry


def soa_minimum(soa: RRset) -> int:
    """The last field of a SOA record: how long a denial holds."""
    return int.from_bytes(soa.rdatas[0][-4:], "big")


def delegation_entries(reply: Reply, parent_zone: bytes) -> list[Entry]:
    """What a referral says of the child's DS set: the set, or the proof that there is none."""
    if reply.cut is None:
        return []
    entry: Entry | None = None
    if reply.ds is not None:
        entry = Entry(reply.cut.key, dns.DS, reply.ds, reply.ds.ttl_s)
    elif reply.proofs:
        ttl_s = min(rrset.ttl_s for rrset in reply.proofs)
        entry = Entry(reply.cut.key, dns.DS, None, ttl_s)
        entry.proofs = reply.proofs
    if entry is None:
        return []
    return [_hint(entry, parent_zone)]


def alias_hints(reply: Reply, zone: bytes) -> list[Entry]:
    """What is said of DS beside an alias that leads over a cut (RFC 4035, 3.1.4).

    Such an answer goes on like a referral; but the names of cuts must be found in its proofs.
    """
    if not _leads_over_a_cut(reply):
        return []
    ttl_s = min((rrset.ttl_s for rrset in reply.proofs), default=0)
    found = []
    for name in _cuts_to(reply.end, zone, reply.proofs):
        entry = Entry(name, dns.DS, None, ttl_s)
        entry.proofs = reply.proofs
        found.append(_hint(entry, zone))
    return found


def _leads_over_a_cut(reply: Reply) -> bool:
    return bool(reply.links and reply.proofs) and not (reply.complete or reply.negative)


def _cuts_to(end: bytes, zone: bytes, proofs: Sequence[RRset]) -> list[bytes]:
    """The names from ``end`` up, below the zone, that the proofs may call delegations."""
    for rrset in proofs:
        if rrset.rdtype == dns.NSEC3:
            zone = max(zone, parent(rrset.key), key=len)
    names = [name for name in ancestors(end) if is_under(name, zone) and name != zone]
    links = [nsec.parse(rrset) for rrset in proofs if rrset.rdtype == dns.NSEC]
    if not links:
        return names[:MAX_HINTS]
    owners = {link.owner for link in links if link is not None and dns.NS in link.types}
    return [name for name in names if name in owners]


def _hint(entry: Entry, zone: bytes) -> Entry:
    """Beside an answer or a referral it is not the last word."""
    entry.rank = Rank.REFERRAL
    entry.zone = zone
    entry.aside = True
    return entry
