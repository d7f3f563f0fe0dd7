"""A decoded message and its parts, as plain values."""

from collections.abc import Sequence

from msgspec import Struct

from firstbyte.protocols.dns.constants import RRSIG


class Record(Struct, frozen=True, gc=False):
    """One resource record; names inside ``rdata`` are not compressed. ``key`` is the owner's."""

    key: bytes
    rdtype: int
    rdclass: int
    ttl_s: int
    rdata: bytes


class Edns(Struct, frozen=True, gc=False):
    """What the OPT record says (RFC 6891, 6.1.3)."""

    payload_bytes: int = 1232
    extended_rcode: int = 0
    version: int = 0
    dnssec_ok: bool = False
    options: tuple[tuple[int, bytes], ...] = ()
    compact_ok: bool = False
    """NXDOMAIN may be said of names that are denied compactly (RFC 9824, 5.1)."""

    def option(self, code: int) -> bytes | None:
        """The first option of this code."""
        for number, value in self.options:
            if number == code:
                return value
        return None


class RRset(Struct, eq=False, gc=False):
    """Records of one name and type, with the signatures that came beside them (RFC 2181, 5)."""

    key: bytes
    rdtype: int
    ttl_s: int
    rdatas: Sequence[bytes]
    signatures: Sequence[bytes] = ()

    def with_ttl(self, ttl_s: int) -> "RRset":
        """The same records with another time to live."""
        if ttl_s == self.ttl_s:
            return self
        return RRset(self.key, self.rdtype, ttl_s, self.rdatas, self.signatures)


class Message(Struct, gc=False):
    """A whole message. ``qname`` keeps the case in which it came."""

    id: int
    flags: int
    qname: bytes | None
    qtype: int
    qclass: int
    answer: Sequence[Record] = ()
    authority: Sequence[Record] = ()
    additional: Sequence[Record] = ()
    edns: Edns | None = None
    question_count: int = 1
    size_bytes: int = 0

    @property
    def opcode(self) -> int:
        """RFC 1035, 4.1.1."""
        return self.flags >> 11 & 15

    @property
    def rcode(self) -> int:
        """The response code with the upper bits of EDNS (RFC 6891, 6.1.3)."""
        low = self.flags & 15
        return low if self.edns is None else low | self.edns.extended_rcode << 4


def group(records: Sequence[Record]) -> list[RRset]:
    """Records as sets, in order of appearance; signatures go to the set that they cover.

    A set takes its lowest TTL (RFC 2181, 5.2); doubled records count once. Signatures that cover
    nothing here stand as sets of type RRSIG.
    """
    if len(records) == 1:
        record = records[0]
        return [RRset(record.key, record.rdtype, record.ttl_s, (record.rdata,))]
    sets: dict[tuple[bytes, int], RRset] = {}
    signatures: list[Record] = []
    for record in records:
        if record.rdtype == RRSIG:
            signatures.append(record)
            continue
        _add(sets, record)
    for record in signatures:
        covered = int.from_bytes(record.rdata[:2], "big")
        rrset = sets.get((record.key, covered))
        if rrset is None:
            _add(sets, record)
        elif record.rdata not in rrset.signatures:
            rrset.signatures = (*rrset.signatures, record.rdata)
    return list(sets.values())


def _add(sets: dict[tuple[bytes, int], RRset], record: Record) -> None:
    place = (record.key, record.rdtype)
    rrset = sets.get(place)
    if rrset is None:
        sets[place] = RRset(record.key, record.rdtype, record.ttl_s, (record.rdata,))
        return
    rrset.ttl_s = min(rrset.ttl_s, record.ttl_s)
    if record.rdata not in rrset.rdatas:
        rrset.rdatas = (*rrset.rdatas, record.rdata)
