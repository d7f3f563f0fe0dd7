"""The message of a question, octet by octet."""

import secrets

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import writer
from firstbyte.protocols.dns.message import Edns
from firstbyte.protocols.dns.names import from_text
from firstbyte.resolver.query.options import options
from firstbyte.resolver.query.wanted import Wanted

_HEADER_BYTES = 16
"""The header, and type and class of the question."""
_OPT_BYTES = 11
_OPT_FLAGS_AT = 7
"""Behind name, type, size, extended code and version."""


def make_query(name: str, rdtype: int, wanted: Wanted) -> bytes:
    """The message.

    Raises:
        DecodeError: ``name`` is no domain name.

    """
    flags = wanted.flags | wanted.opcode << 11
    key = from_text(_ascii(name))
    for on, bit in (
        (wanted.recurse, dns.RD),
        (wanted.authentic, dns.AD),
        (wanted.checking_disabled, dns.CD),
    ):
        flags |= bit if on else 0
    edns = None
    needs_edns = wanted.dnssec or wanted.subnet or wanted.cookie is not None or wanted.options
    version = 0 if wanted.edns is None and needs_edns else wanted.edns
    if version is not None:
        size = _HEADER_BYTES + len(key) + _OPT_BYTES
        chosen = options(wanted, size)
        edns = Edns(wanted.buffer_bytes, 0, version, wanted.dnssec, chosen)
    query = writer.query(_id(wanted), flags, key, rdtype, edns, wanted.rdclass)
    end = 12 + len(key) + 4
    if edns is not None and wanted.edns_flags:
        query = _with_edns_flags(query, end + _OPT_FLAGS_AT, wanted.edns_flags)
    if rdtype == dns.IXFR and wanted.serial is not None:
        return _with_serial(query, key, wanted.serial, wanted.rdclass)
    if wanted.header_only:
        return query[:5] + b"\0" + query[6:12] + query[end:]
    return query


def _id(wanted: Wanted) -> int:
    """Equal questions over HTTP are equal requests, which caches can answer (RFC 8484, 4.1)."""
    if wanted.id is not None:
        return wanted.id
    return 0 if wanted.secured.kind in ("https", "http") else secrets.randbits(16)


def _with_edns_flags(query: bytes, at: int, flags: int) -> bytes:
    """The bits put into those of the OPT record (RFC 6891, 6.1.4)."""
    whole = int.from_bytes(query[at : at + 2], "big") | flags
    return query[:at] + whole.to_bytes(2, "big") + query[at + 2 :]


def _ascii(name: str) -> str:
    """The A-labels of an internationalised name (RFC 5891); others as they are."""
    if name.isascii():
        return name
    import idna

    try:
        return idna.encode(name, uts46=True).decode()
    except idna.IDNAError as error:
        raise DecodeError(0, "name", "a domain name", str(error), "RFC 5891, 4") from error


def _with_serial(query: bytes, key: bytes, serial: int, rdclass: int) -> bytes:
    """The SOA that says what the client has (RFC 1995, 3), before the OPT record if any."""
    end = 12 + len(key) + 4
    soa = b"\0\0" + serial.to_bytes(4, "big") + bytes(16)
    record = b"\xc0\x0c" + bytes((0, dns.SOA)) + rdclass.to_bytes(2, "big") + bytes(4)
    record += len(soa).to_bytes(2, "big") + soa
    return query[:9] + b"\x01" + query[10:end] + record + query[end:]
