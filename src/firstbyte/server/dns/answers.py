"""From a query's octets to the answer's: pure, given the client, the zones and the time."""

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import cookies, walker
from firstbyte.protocols.dns.message import Edns, Message, RRset
from firstbyte.protocols.dns.writer import Parts, render
from firstbyte.server.dns import identity
from firstbyte.server.dns.journal import client_serial, flatten
from firstbyte.server.dns.lookup import Found, Lookup
from firstbyte.server.dns.options import (
    CLIENT_SUBNET,
    COOKIE,
    EDE,
    KEEPALIVE,
    NSID,
    Subnet,
    has_bad_cookie_length,
    keepalive,
    read_subnet,
)
from firstbyte.server.dns.zone import Zone
from firstbyte.server.dns.zone_set import Network, ZoneSet, closest

if TYPE_CHECKING:
    from firstbyte.protocols.dns.tsig import Key

NOT_AUTHORITATIVE = 20
PROHIBITED = 18
MIN_UDP_BYTES = 512
_OPT_ROOM_BYTES = 128
Options = tuple[tuple[int, bytes], ...]
_KEPT_FLAGS = dns.RD | dns.CD | 0x7800


class Client(Struct, frozen=True):
    """Who asks, and how."""

    address: str
    transport: Literal["udp", "tcp"] = "udp"
    key: "Key | None" = None
    """With which its query was signed (RFC 8945)."""


def _loopback() -> tuple[Network, ...]:
    return (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class Manners(Struct, frozen=True):
    """How the server speaks."""

    max_udp_bytes: int = 1232
    minimal_any: bool = True
    """ANY gets one set over UDP (RFC 8482)."""
    nsid: bytes = b""
    """The server's name, for who asks for it (RFC 5001)."""
    transfers: tuple[Network, ...] = field(default_factory=_loopback)
    """Who may have whole zones."""
    cookie_secret: bytes = b""
    """16 octets for server cookies (RFC 9018); empty: none are given."""
    client_subnet: bool = False
    """Views go by the client's subnet where a resolver tells it (RFC 7871)."""
    idle_s: float = 30.0
    """How long a TCP client may be quiet (RFC 7766, 6.2.3)."""
    keys: "tuple[Key, ...]" = ()
    """Where there are any, one of them, too, must have signed the query for a zone."""

    def may_transfer(self, client: Client) -> bool:
        """Whether this client may have whole zones."""
        if self.keys and client.key is None:
            return False
        address = ip_address(client.address.partition("%")[0])
        return any(address.version == net.version and address in net for net in self.transfers)


DEFAULT = Manners()


def incremental(message: Message, zone: Zone, client: Client, manners: Manners) -> list[RRset]:
    """The answer to IXFR over UDP: the changes if they fit, else the SOA alone (RFC 1995, 2)."""
    changes = zone.journal.since(client_serial(message)) if manners.may_transfer(client) else None
    soa = zone.soa
    if not changes:
        return [soa]
    whole = [soa, *flatten(changes), soa]
    parts = Parts(message.id, 0, message.qname, answer=whole)
    fits = len(render(parts).data) + _OPT_ROOM_BYTES <= _limit(message, client, manners)
    return whole if fits else [soa]


def read(query: bytes) -> Message | bytes | None:
    """The query's message; the octets of a FORMERR where there is none; None: say nothing."""
    if len(query) < 12 or query[2] & 0x80:
        return None
    try:
        return walker.decode(query)
    except DecodeError:
        flags = bytes((0x80 | query[2] & 0x79, dns.FORMERR))
        return query[:2] + flags + bytes(8)


def answer(
    query: bytes, client: Client, zones: ZoneSet, now_s: float, manners: Manners = DEFAULT
) -> bytes | None:
    """The answer to a query that came in one message; None: say nothing.

    Zone transfers are longer than a message: ``transfer.messages`` gives them.

    Args:
        query: the octets of the message, without TCP's length.
        client: who asks.
        zones: what there is.
        now_s: Unix time, for signatures that are made as they are needed.
        manners: how to speak.

    """
    message = read(query)
    if message is None or isinstance(message, bytes):
        return message
    refused = refusal(message)
    if refused is not None:
        return reply(message, Found(refused, authoritative=False), client, manners)
    try:
        subnet = read_subnet(message.edns) if manners.client_subnet else None
    except ValueError:
        return reply(message, Found(dns.FORMERR, authoritative=False), client, manners)
    extra = _extra(message, client, zones, subnet, now_s, manners)
    name = (message.qname or b"\0").lower()
    if message.qclass == dns.CHAOS:
        found = identity.lookup(name, message.qtype, manners.nsid)
        return reply(message, found, client, manners, extra=extra)
    seen = zones.visible(client.address if subnet is None else str(subnet.address))
    zone = closest(seen, name, message.qtype)
    if zone is None:
        found = Found(dns.REFUSED, authoritative=False)
        return reply(message, found, client, manners, NOT_AUTHORITATIVE, extra)
    if message.qtype == dns.AXFR or (message.qtype == dns.IXFR and client.transport == "tcp"):
        found = Found(dns.REFUSED, authoritative=False)
        return reply(message, found, client, manners, PROHIBITED, extra)
    if message.qtype == dns.IXFR:
        found = Found(answer=incremental(message, zone, client, manners))
        return reply(message, found, client, manners, extra=extra)
    dnssec = message.edns is not None and message.edns.dnssec_ok
    minimal = manners.minimal_any and client.transport == "udp"
    lookup = Lookup(zone, now_s, dnssec=dnssec, minimal_any=minimal)
    return reply(message, lookup.run(name, message.qtype), client, manners, extra=extra)


def _extra(
    message: Message,
    client: Client,
    zones: ZoneSet,
    subnet: Subnet | None,
    now_s: float,
    manners: Manners,
) -> Options:
    """The options that depend on who asks."""
    asked = message.edns
    found: list[tuple[int, bytes]] = []
    cookie = None if asked is None else asked.option(COOKIE)
    if cookie is not None and manners.cookie_secret:
        secret = manners.cookie_secret
        found.append((COOKIE, cookies.answer(cookie, client.address, now_s, secret)))
    if subnet is not None:
        scope = zones.scope_bits(subnet.address) if subnet.bits else 0
        found.append((CLIENT_SUBNET, subnet.option(scope)))
    if asked is not None and client.transport == "tcp" and asked.option(KEEPALIVE) is not None:
        found.append((KEEPALIVE, keepalive(manners.idle_s)))
    return tuple(found)


def refusal(message: Message) -> int | None:
    """The code for a query that no zone could answer."""
    if message.opcode != 0:
        return dns.NOTIMP
    if message.question_count != 1 or message.qname is None:
        return dns.FORMERR
    if message.edns is not None and message.edns.version > 0:
        return dns.BADVERS
    if has_bad_cookie_length(message.edns):
        return dns.FORMERR
    if message.qclass not in (dns.IN, dns.CHAOS):
        return dns.REFUSED
    if message.qtype in dns.META_TYPES and message.qtype not in dns.TRANSFERS:
        return dns.NOTIMP
    return None


def reply(
    message: Message,
    found: Found,
    client: Client,
    manners: Manners = DEFAULT,
    error: int | None = None,
    extra: Options = (),
) -> bytes:
    """``found`` as octets for this client: cut to what it takes, with EDNS if it speaks it."""
    flags = dns.QR | message.flags & _KEPT_FLAGS | found.rcode & 15
    if found.authoritative:
        flags |= dns.AA
    asked = message.edns
    parts = Parts(
        id=message.id,
        flags=flags,
        qname=message.qname,
        qtype=message.qtype,
        qclass=message.qclass,
        answer=found.answer,
        authority=found.authority,
        additional=found.additional,
        edns=None if asked is None else _edns(asked, found, manners, error, extra),
        signatures=asked is not None and asked.dnssec_ok,
    )
    data = render(parts, _limit(message, client, manners)).data
    if int.from_bytes(data[10:12], "big") - (parts.edns is not None) < found.glue_records:
        return data[:2] + bytes((data[2] | dns.TC >> 8,)) + data[3:]  # RFC 9471, 3
    return data


def _limit(message: Message, client: Client, manners: Manners) -> int:
    most = 65535
    if client.transport == "udp":
        payload = MIN_UDP_BYTES if message.edns is None else message.edns.payload_bytes
        most = max(MIN_UDP_BYTES, min(payload, manners.max_udp_bytes))
    return most if client.key is None else most - client.key.record_bytes


def _edns(asked: Edns, found: Found, manners: Manners, error: int | None, extra: Options) -> Edns:
    options = list(extra)
    if manners.nsid and asked.option(NSID) is not None:
        options.append((NSID, manners.nsid))
    if error is not None:
        options.append((EDE, error.to_bytes(2, "big")))
    return Edns(manners.max_udp_bytes, found.rcode >> 4, 0, asked.dnssec_ok, tuple(options))
