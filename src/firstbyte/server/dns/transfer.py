"""Whole zones out: AXFR over TCP (RFC 5936); IXFR is answered with the whole zone (RFC 1995, 4)."""

from collections.abc import Iterator

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message, RRset
from firstbyte.protocols.dns.writer import Parts, render
from firstbyte.server.dns.answers import AXFR, IXFR, Client, Manners, read, refusal
from firstbyte.server.dns.zone import Zone
from firstbyte.server.dns.zone_set import ZoneSet

MESSAGE_BYTES = 16 * 1024
"""Compression pointers reach no farther (RFC 5936, 3.4), so longer messages save nothing."""
_RECORD_BYTES = 12


def messages(
    query: bytes, client: Client, zones: ZoneSet, now_s: float, manners: Manners
) -> Iterator[bytes] | None:
    """The messages of the transfer that is asked for; None when the query asks for no such thing.

    None, too, for who may not have it: then ``answers.answer`` refuses.
    """
    message = read(query)
    if not isinstance(message, Message) or refusal(message) is not None:
        return None
    if message.qtype not in (AXFR, IXFR) or client.transport != "tcp":
        return None
    zone = zones.visible(client.address).get((message.qname or b"\0").lower())
    if zone is None or not manners.may_transfer(client):
        return None
    return _stream(message, zone, now_s)


def _stream(message: Message, zone: Zone, now_s: float) -> Iterator[bytes]:
    """The SOA, everything else, the SOA (2.2)."""
    batch: list[RRset] = []
    size = 0
    for rrset in _records(zone, now_s):
        batch.append(rrset)
        size += sum(
            len(rrset.key) + _RECORD_BYTES + len(rdata)
            for rdata in (*rrset.rdatas, *rrset.signatures)
        )
        if size >= MESSAGE_BYTES:
            yield _message(message, batch)
            batch, size = [], 0
    if batch:
        yield _message(message, batch)


def _records(zone: Zone, now_s: float) -> Iterator[RRset]:
    if zone.signer is not None:
        for rrset in zone.authoritative_sets():
            zone.signed(rrset, now_s)
    soa = zone.soa
    yield soa
    for node in zone.nodes.values():
        for rrset in node.values():
            if rrset is not soa:
                yield rrset
    if zone.denial is not None:
        for rrset in zone.denial.all():
            yield zone.signed(rrset, now_s)
    yield RRset(soa.key, soa.rdtype, soa.ttl_s, soa.rdatas)


def _message(query: Message, rrsets: list[RRset]) -> bytes:
    parts = Parts(
        id=query.id,
        flags=dns.QR | dns.AA | query.flags & dns.RD,
        qname=query.qname,
        qtype=query.qtype,
        qclass=query.qclass,
        answer=rrsets,
        signatures=True,
    )
    return render(parts).data
