"""Denial by NSEC3: names are hashed, so that a zone cannot be walked (RFC 5155; RFC 9276)."""

import base64
import hashlib
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import ancestor as ancestor_of
from firstbyte.protocols.dns.names import label_count, labels, wildcard
from firstbyte.server.dns import bitmap
from firstbyte.server.dns.zone import Zone

SHA1 = 1
OPT_OUT = 1


class Params(Struct, frozen=True):
    """How names are hashed: without salt and extra rounds, as RFC 9276, 3.1 wants it."""

    iterations: int = 0
    salt: bytes = b""
    opt_out: bool = False

    def rdata(self, flags: int) -> bytes:
        """The fields that NSEC3 and NSEC3PARAM have in common (RFC 5155, 3.2 and 4.2)."""
        head = bytes((SHA1, flags)) + self.iterations.to_bytes(2, "big")
        return head + bytes((len(self.salt),)) + self.salt


@lru_cache(maxsize=8192)
def hashed(name: bytes, iterations: int, salt: bytes) -> bytes:
    """The hash of a key (RFC 5155, 5)."""
    digest = hashlib.sha1(name + salt, usedforsecurity=False).digest()
    for _ in range(iterations):
        digest = hashlib.sha1(digest + salt, usedforsecurity=False).digest()
    return digest


def owner(digest: bytes, apex: bytes) -> bytes:
    """The key of the record with this hash."""
    label = base64.b32hexencode(digest).lower()
    return bytes((len(label),)) + label + apex


class Nsec3Chain:
    """The records in the order of their hashes."""

    def __init__(self, apex: bytes, params: Params, rrsets: Iterable[RRset]) -> None:
        self._apex = apex
        self.params = params
        pairs = sorted((_digest_of(rrset.key), rrset) for rrset in rrsets)
        self._digests = [digest for digest, _ in pairs]
        self._sets = [rrset for _, rrset in pairs]

    def at(self, name: bytes) -> RRset | None:  # noqa: ARG002
        """Never: NSEC3 records are not asked for by name (RFC 5155, 7.2.8)."""
        return None

    def all(self) -> list[RRset]:
        """Every record."""
        return self._sets

    def _place(self, name: bytes) -> tuple[int, bool]:
        digest = hashed(name, self.params.iterations, self.params.salt)
        index = bisect_right(self._digests, digest) - 1
        return index, index >= 0 and self._digests[index] == digest

    def _over(self, name: bytes) -> RRset:
        """The record that matches ``name``, or the one that covers it."""
        return self._sets[self._place(name)[0]]

    def _enclosure(self, name: bytes, encloser: bytes) -> list[RRset]:
        """The closest encloser that has a record, and the cover of the next closer name."""
        count = label_count(encloser)
        while count > label_count(self._apex) and not self._place(ancestor_of(name, count))[1]:
            count -= 1  # opt-out: the encloser itself may have none
        proofs = [self._over(ancestor_of(name, count))]
        if count < label_count(name):
            proofs.append(self._over(ancestor_of(name, count + 1)))
        return proofs

    def no_name(self, name: bytes, encloser: bytes) -> list[RRset]:
        """The closest encloser proof, and no wildcard (7.2.2)."""
        return _unique([*self._enclosure(name, encloser), self._over(wildcard(encloser))])

    def no_data(self, name: bytes, encloser: bytes) -> list[RRset]:
        """The name's own record, or that it is in an opt-out span (7.2.3, 7.2.4, 7.2.7)."""
        index, exact = self._place(name)
        if exact:
            return [self._sets[index]]
        return _unique(self._enclosure(name, encloser))

    def no_closer(self, name: bytes, encloser: bytes) -> list[RRset]:
        """The cover of the next closer name (7.2.6)."""
        return [self._over(ancestor_of(name, label_count(encloser) + 1))]

    def no_wildcard_data(self, name: bytes, encloser: bytes) -> list[RRset]:
        """The closest encloser proof and the wildcard's own record (7.2.5)."""
        return _unique([*self._enclosure(name, encloser), self._over(wildcard(encloser))])


def _unique(rrsets: list[RRset]) -> list[RRset]:
    return list({rrset.key: rrset for rrset in rrsets}.values())


def _digest_of(key: bytes) -> bytes:
    try:
        return base64.b32hexdecode(labels(key)[0].upper())
    except ValueError:
        return b""


def build(zone: Zone, params: Params) -> Nsec3Chain:
    """The chain of a zone as it is now, NSEC3PARAM already in it; make it last, before signing."""
    types_of = {}
    for name in _names(zone, params):
        digest = hashed(name, params.iterations, params.salt)
        types_of[digest] = _types(zone, name)
    digests = sorted(types_of)
    head = params.rdata(OPT_OUT if params.opt_out else 0)
    made = []
    for digest, following in zip(digests, [*digests[1:], digests[0]], strict=True):
        link = bytes((len(following),)) + following + bitmap.encode(types_of[digest])
        key = owner(digest, zone.apex)
        made.append(RRset(key, dns.NSEC3, zone.negative_ttl_s, [head + link]))
    return Nsec3Chain(zone.apex, params, made)


def _types(zone: Zone, name: bytes) -> set[int]:
    node = zone.nodes[name]
    if name in zone.cuts:
        found = set(node) & {dns.NS, dns.DS}
        return found | {dns.RRSIG} if dns.DS in found else found
    return set(node) | {dns.RRSIG} if node else set()


def _names(zone: Zone, params: Params) -> list[bytes]:
    """The names that get a record; with opt-out, none that lead to unsigned delegations alone."""
    names = zone.ordered_names()
    if not params.opt_out:
        return names
    kept: set[bytes] = set()
    for name in names:
        node = zone.nodes[name]
        if node and (name not in zone.cuts or dns.DS in node):
            count = label_count(name)
            while count >= label_count(zone.apex) and (above := ancestor_of(name, count)):
                kept.add(above)
                count -= 1
    return [name for name in names if name in kept]
