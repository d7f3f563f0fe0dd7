"""Router discovery's messages (RFC 4861, 4.1 and 4.2), with DNS settings (RFC 8106)."""

import struct

from msgspec import Struct, field

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import names
from firstbyte.protocols.dns.walker import read_name
from firstbyte.protocols.ip.addresses import pack, unpack
from firstbyte.protocols.ip.icmpv6 import ROUTER_ADVERTISEMENT, ROUTER_SOLICITATION, Icmpv6
from firstbyte.protocols.problem import Problems

SOURCE_LINK_ADDRESS, PREFIX, MTU, RDNSS, DNSSL = 1, 3, 5, 25, 31
FOREVER_S = 0xFFFFFFFF
RFC = "RFC 4861, 4.2"

_TIMES = struct.Struct("!II")
_PREFIX = struct.Struct("!BBIII16s")


class RouterSolicitation(Struct, frozen=True):
    """Is there a router? ``source_mac`` is absent while the sender has no address."""

    source_mac: bytes | None = None


class Prefix(Struct, frozen=True):
    """A network of the link. Lifetimes are seconds; 0xffffffff: for ever.

    ``on_link``: its addresses are reached directly. ``autonomous``: hosts may make one of it.
    """

    network: str
    length: int = 64
    valid_s: int = 2_592_000
    preferred_s: int = 604_800
    on_link: bool = True
    autonomous: bool = True


class RouterAdvertisement(Struct, frozen=True, kw_only=True):
    """Here is a router. ``lifetime_s`` 0: but not for a default route."""

    lifetime_s: int = 1800
    hop_limit: int = 64
    managed: bool = False
    other: bool = False
    reachable_ms: int = 0
    retransmit_ms: int = 0
    source_mac: bytes | None = None
    mtu: int | None = None
    prefixes: tuple[Prefix, ...] = ()
    dns_servers: tuple[str, ...] = ()
    dns_lifetime_s: int = 1800
    search: tuple[str, ...] = field(default_factory=tuple)


def encode_router_solicitation(message: RouterSolicitation) -> Icmpv6:
    """As an ICMPv6 message."""
    return Icmpv6(ROUTER_SOLICITATION, 0, 0, _mac_option(message.source_mac))


def encode_router_advertisement(message: RouterAdvertisement) -> Icmpv6:
    """As an ICMPv6 message."""
    flags = message.managed << 7 | message.other << 6
    argument = message.hop_limit << 24 | flags << 16 | message.lifetime_s
    body = _TIMES.pack(message.reachable_ms, message.retransmit_ms)
    body += _mac_option(message.source_mac)
    if message.mtu is not None:
        body += _option(MTU, struct.pack("!HI", 0, message.mtu))
    body += b"".join(_prefix_option(prefix) for prefix in message.prefixes)
    if message.dns_servers:
        servers = b"".join(pack(address) for address in message.dns_servers)
        body += _option(RDNSS, struct.pack("!HI", 0, message.dns_lifetime_s) + servers)
    if message.search:
        wire = b"".join(names.from_text(name) for name in message.search)
        body += _option(DNSSL, struct.pack("!HI", 0, message.dns_lifetime_s) + wire)
    return Icmpv6(ROUTER_ADVERTISEMENT, 0, argument, body)


def _mac_option(mac: bytes | None) -> bytes:
    return b"" if mac is None else _option(SOURCE_LINK_ADDRESS, mac)


def _prefix_option(prefix: Prefix) -> bytes:
    flags = prefix.on_link << 7 | prefix.autonomous << 6
    times = (prefix.valid_s, prefix.preferred_s, 0)
    return _option(PREFIX, _PREFIX.pack(prefix.length, flags, *times, pack(prefix.network)))


def _option(kind: int, data: bytes) -> bytes:
    """An option, padded to whole units of 8 octets."""
    units = (len(data) + 2 + 7) // 8
    return (bytes((kind, units)) + data).ljust(units * 8, b"\0")


def decode_router_solicitation(message: Icmpv6, problems: Problems) -> RouterSolicitation | None:
    """Read a solicitation tolerantly; null for anything else."""
    if message.type != ROUTER_SOLICITATION:
        return None
    for kind, data in _options(message.body, problems.within(8)):
        if kind == SOURCE_LINK_ADDRESS:
            return RouterSolicitation(data[:6])
    return RouterSolicitation()


def decode_router_advertisement(message: Icmpv6, problems: Problems) -> RouterAdvertisement | None:
    """Read an advertisement tolerantly; null for anything else, or what is too short.

    Offsets in ``problems`` count from the start of the ICMPv6 message.
    """
    if message.type != ROUTER_ADVERTISEMENT:
        return None
    body = message.body
    if len(body) < _TIMES.size:
        problems.add(8, "router advertisement", "16 octets", f"{8 + len(body)} octets", RFC)
        return None
    reachable_ms, retransmit_ms = _TIMES.unpack_from(body)
    read = _Options()
    for kind, data in _options(body[8:], problems.within(16)):
        read.take(kind, data)
    argument = message.argument
    return RouterAdvertisement(
        lifetime_s=argument & 0xFFFF,
        hop_limit=argument >> 24,
        managed=bool(argument & 1 << 23),
        other=bool(argument & 1 << 22),
        reachable_ms=reachable_ms,
        retransmit_ms=retransmit_ms,
        source_mac=read.source_mac,
        mtu=read.mtu,
        prefixes=tuple(read.prefixes),
        dns_servers=tuple(read.dns_servers),
        dns_lifetime_s=read.dns_lifetime_s,
        search=tuple(read.search),
    )


class _Options:
    """What the options of an advertisement say; broken ones are left out (RFC 4861, 6.1.2)."""

    def __init__(self) -> None:
        self.source_mac: bytes | None = None
        self.mtu: int | None = None
        self.prefixes: list[Prefix] = []
        self.dns_servers: list[str] = []
        self.search: list[str] = []
        self.dns_lifetime_s = 0

    def take(self, kind: int, data: bytes) -> None:
        if kind == SOURCE_LINK_ADDRESS:
            self.source_mac = data[:6]
        elif kind == MTU and len(data) == 6:
            self.mtu = int.from_bytes(data[2:6], "big")
        elif kind == PREFIX and len(data) == _PREFIX.size:
            self._take_prefix(data)
        elif kind == RDNSS and len(data) >= 22:
            self.dns_lifetime_s = int.from_bytes(data[2:6], "big")
            whole = range(6, len(data) - 15, 16)
            self.dns_servers += [unpack(data[at : at + 16]) for at in whole]
        elif kind == DNSSL and len(data) >= 14:
            self.dns_lifetime_s = int.from_bytes(data[2:6], "big")
            self._take_search(data[6:])

    def _take_prefix(self, data: bytes) -> None:
        length, flags, valid_s, preferred_s, _, network = _PREFIX.unpack(data)
        if length <= 128:
            lifetimes = (valid_s, preferred_s)
            marks = (bool(flags & 0x80), bool(flags & 0x40))
            self.prefixes.append(Prefix(unpack(network), length, *lifetimes, *marks))

    def _take_search(self, data: bytes) -> None:
        """Names without compression, then zeros (RFC 8106, section 5.2)."""
        at = 0
        while at < len(data) and data[at]:
            try:
                name, at = read_name(data, at, {})
            except DecodeError:
                return
            self.search.append(names.to_text(name).rstrip("."))


def _options(data: bytes, problems: Problems) -> list[tuple[int, bytes]]:
    found = []
    at = 0
    while at < len(data):
        size = data[at + 1] * 8 if at + 1 < len(data) else 0
        if not size or at + size > len(data):
            problems.add(at, "option length", "1 or more whole units", size, "RFC 4861, 4.6")
            break
        found.append((data[at], data[at + 2 : at + size]))
        at += size
    return found
