"""Zones out over TCP: whole (AXFR, RFC 5936), or what changed (IXFR, RFC 1995)."""

from collections.abc import Iterator

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Edns, Message, RRset
from firstbyte.protocols.dns.writer import Parts, render
from firstbyte.server.dns.answers import Client, Manners, read, refusal
from firstbyte.server.dns.journal import client_serial, flatten, is_newer
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
    if message.qtype not in dns.TRANSFERS or client.transport != "tcp":
        return None
    zone = zones.visible(client.address).get((message.qname or b"\0").lower())
    if zone is None or not manners.may_transfer(client):
        return None
    return _stream(message, zone, now_s)


def _stream(message: Message, zone: Zone, now_s: float) -> Iterator[bytes]:
    """The records in messages of a good size; the first one answers the query's EDNS, too."""
    batch: list[RRset] = []
    size = 0
    first = True
    for rrset in _records(message, zone, now_s):
        batch.append(rrset)
        size += sum(
            len(rrset.key) + _RECORD_BYTES + len(rdata)
            for rdata in (*rrset.rdatas, *rrset.signatures)
        )
        if size >= MESSAGE_BYTES:
            yield _message(message, batch, first=first)
            batch, size, first = [], 0, False
    if batch:
        yield _message(message, batch, first=first)


def _records(message: Message, zone: Zone, now_s: float) -> Iterator[RRset]:
    soa = zone.soa
    bare = RRset(soa.key, soa.rdtype, soa.ttl_s, soa.rdatas)
    if message.qtype == dns.IXFR:
        serial = client_serial(message)
        if serial is not None and not is_newer(zone.serial, serial):
            return iter((bare,))  # the client is up to date (RFC 1995, 4)
        changes = zone.journal.since(serial)
        version = zone.version(now_s)
        if changes and sum(len(one.gone) + len(one.come) for one in changes) < len(version):
            return iter((bare, *flatten(changes), bare))
    return iter((*zone.version(now_s), bare))  # the SOA, everything else, the SOA (RFC 5936, 2.2)


def _message(query: Message, rrsets: list[RRset], *, first: bool) -> bytes:
    asked = query.edns
    parts = Parts(
        id=query.id,
        flags=dns.QR | dns.AA | query.flags & dns.RD,
        qname=query.qname,
        qtype=query.qtype,
        qclass=query.qclass,
        answer=rrsets,
        signatures=True,
        edns=None if asked is None or not first else Edns(dnssec_ok=asked.dnssec_ok),
    )
    return render(parts).data
