"""Denial with NSEC records (RFC 4035, 5.4; RFC 6840, 4; RFC 9824). All names are keys.

The records given here are of one zone, and their signatures have been verified.
"""

from functools import lru_cache
from typing import NamedTuple

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import (
    canonical_order,
    common_ancestor,
    is_under,
    label_count,
    wildcard,
)
from firstbyte.protocols.dns.rdata import NAME, step_end
from firstbyte.resolver.validator.bitmap import types
from firstbyte.resolver.validator.denial import Proof


class Nsec(NamedTuple):
    """One link of the zone's chain of names."""

    owner: bytes
    next: bytes
    types: frozenset[int]


def parse(rrset: RRset) -> Nsec | None:
    """The record of an NSEC set; None where it is broken."""
    return _parse(rrset.key, rrset.rdatas[0])


@lru_cache(maxsize=4096)
def _parse(owner: bytes, rdata: bytes) -> Nsec | None:
    try:
        end = step_end(rdata, 0, NAME)
    except DecodeError:
        return None
    return Nsec(owner, rdata[:end].lower(), types(rdata[end:]))


def covers(nsec: Nsec, name: bytes) -> bool:
    """Whether ``name`` sorts between the owner and the next name (RFC 4034, 4.1.1 and 6.1)."""
    owner, after, at = map(canonical_order, (nsec.owner, nsec.next, name))
    if owner < after:
        return owner < at < after
    return at > owner and is_under(name, nsec.next)


def no_data(nsecs: list[Nsec], name: bytes, rdtype: int) -> Proof:
    """Whether they prove that ``name`` is there without this type."""
    for nsec in nsecs:
        if nsec.owner == name:
            return Proof.PROVED if lacks(nsec.types, name, rdtype) else Proof.FAILED
    for nsec in nsecs:
        if _speaks_of(nsec, name) and covers(nsec, name) and is_under(nsec.next, name):
            return Proof.PROVED  # an empty non-terminal (RFC 4592, 2.2.2)
    for nsec in nsecs:
        if not (_speaks_of(nsec, name) and covers(nsec, name)):
            continue
        star = wildcard(closest_encloser(nsec, name))
        for other in nsecs:
            if other.owner == star and lacks(other.types, star, rdtype):
                return Proof.PROVED
    return Proof.FAILED


def is_there(nsecs: list[Nsec], name: bytes) -> bool:
    """Whether they show that ``name`` exists, if only as an empty non-terminal."""
    return any(
        nsec.owner == name
        or (_speaks_of(nsec, name) and covers(nsec, name) and is_under(nsec.next, name))
        for nsec in nsecs
    )


def denies_name(nsec: Nsec, name: bytes) -> bool:
    """Whether it says by the type NXNAME that ``name`` does not exist (RFC 9824, 2)."""
    return nsec.owner == name and dns.NXNAME in nsec.types


def no_name(nsecs: list[Nsec], name: bytes) -> Proof:
    """Whether they prove that neither ``name`` nor a wildcard for it exists."""
    for nsec in nsecs:
        if not (_speaks_of(nsec, name) and covers(nsec, name)) or is_under(nsec.next, name):
            continue
        star = wildcard(closest_encloser(nsec, name))
        if any(_speaks_of(other, star) and covers(other, star) for other in nsecs):
            return Proof.PROVED
    return Proof.FAILED


def no_closer(nsecs: list[Nsec], name: bytes, labels: int) -> Proof:
    """Whether they prove that nothing closer to ``name`` exists than the wildcard's parent.

    ``labels`` counts those of the wildcard without its star (RFC 4035, 5.3.4).
    """
    for nsec in nsecs:
        if _speaks_of(nsec, name) and covers(nsec, name) and not is_under(nsec.next, name):
            encloser = closest_encloser(nsec, name)
            return Proof.PROVED if label_count(encloser) <= labels else Proof.FAILED
    return Proof.FAILED


def closest_encloser(nsec: Nsec, name: bytes) -> bytes:
    """The deepest existing name above ``name``, which ``nsec`` covers."""
    one = common_ancestor(nsec.owner, name)
    two = common_ancestor(nsec.next, name)
    return max(one, two, key=len)


def lacks(held: frozenset[int], name: bytes, rdtype: int) -> bool:
    """Whether a bitmap at ``name`` itself says that the type is not there (RFC 6840, 4.1, 4.3)."""
    if rdtype in held or dns.CNAME in held:
        return False
    if rdtype == dns.DS:
        return dns.SOA not in held or len(name) == 1
    return not (dns.NS in held and dns.SOA not in held)


def _speaks_of(nsec: Nsec, name: bytes) -> bool:
    """Whether it may say anything of names below its owner (RFC 6840, 4.1)."""
    if not is_under(name, nsec.owner) or name == nsec.owner:
        return True
    cut = dns.NS in nsec.types and dns.SOA not in nsec.types
    return not cut and dns.DNAME not in nsec.types
