"""Neighbour discovery's messages (RFC 4861, section 4) inside ICMPv6."""

from msgspec import Struct

from firstbyte.protocols.ip.addresses import pack, unpack
from firstbyte.protocols.ip.icmpv6 import NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, Icmpv6
from firstbyte.protocols.problem import Problems

SOURCE_LINK_ADDRESS, TARGET_LINK_ADDRESS, PREFIX, MTU = 1, 2, 3, 5
ROUTER, SOLICITED, OVERRIDE = 1 << 31, 1 << 30, 1 << 29


class Solicitation(Struct, frozen=True, gc=False):
    """Who has ``target``? ``source_mac`` is absent when the sender has no address yet."""

    target: str
    source_mac: bytes | None = None


class Advertisement(Struct, frozen=True, gc=False):
    """``target`` is at ``target_mac``."""

    target: str
    target_mac: bytes | None
    router: bool = False
    solicited: bool = True
    override: bool = True


def encode_solicitation(message: Solicitation) -> Icmpv6:
    """As an ICMPv6 message."""
    option = _link_option(SOURCE_LINK_ADDRESS, message.source_mac)
    return Icmpv6(NEIGHBOR_SOLICITATION, 0, 0, pack(message.target) + option)


def encode_advertisement(message: Advertisement) -> Icmpv6:
    """As an ICMPv6 message."""
    flags = message.router * ROUTER | message.solicited * SOLICITED | message.override * OVERRIDE
    option = _link_option(TARGET_LINK_ADDRESS, message.target_mac)
    return Icmpv6(NEIGHBOR_ADVERTISEMENT, 0, flags, pack(message.target) + option)


def decode_neighbor(message: Icmpv6, problems: Problems) -> Solicitation | Advertisement | None:
    """Read a solicitation or advertisement tolerantly; ``None`` for anything else or too short.

    Offsets in ``problems`` count from the start of the ICMPv6 message.
    """
    if message.type not in {NEIGHBOR_SOLICITATION, NEIGHBOR_ADVERTISEMENT}:
        return None
    body = message.body
    if len(body) < 16:
        problems.add(8, "target address", "16 bytes", f"{len(body)} bytes", "RFC 4861, 4.3")
        return None
    target = unpack(body[:16])
    options = _read_options(body[16:], problems.within(24))
    if message.type == NEIGHBOR_SOLICITATION:
        return Solicitation(target, options.get(SOURCE_LINK_ADDRESS))
    flags = message.argument
    return Advertisement(
        target,
        options.get(TARGET_LINK_ADDRESS),
        bool(flags & ROUTER),
        bool(flags & SOLICITED),
        bool(flags & OVERRIDE),
    )


def _link_option(kind: int, mac: bytes | None) -> bytes:
    return b"" if mac is None else bytes((kind, 1)) + mac


def _read_options(data: bytes, problems: Problems) -> dict[int, bytes]:
    options: dict[int, bytes] = {}
    offset = 0
    while offset < len(data):
        size = data[offset + 1] * 8 if offset + 1 < len(data) else 0
        if not size or offset + size > len(data):
            problems.add(offset, "option length", "1 or more whole units", size, "RFC 4861, 4.6")
            break
        options.setdefault(data[offset], data[offset + 2 : offset + size])
        offset += size
    return options
