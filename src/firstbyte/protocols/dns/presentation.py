"""Records as text, in the presentation format of their types (RFC 1035, 5; RFC 3597, 5)."""

from typing import NamedTuple

import dns.exception
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from firstbyte.protocols.dns.message import Record
from firstbyte.protocols.dns.names import to_text

BASE64_CHUNK = 56
"""How dig breaks long keys and signatures."""


class Shown(NamedTuple):
    """A record as a zone file has it."""

    name: str
    ttl_s: int
    rdclass: str
    type: str
    data: str


def shown(record: Record) -> Shown:
    """The record's text; data that break their type's rules are given as octets."""
    return Shown(
        to_text(record.key),
        record.ttl_s,
        class_text(record.rdclass),
        type_text(record.rdtype),
        data_text(record.rdclass, record.rdtype, record.rdata),
    )


def data_text(rdclass: int, rdtype: int, rdata: bytes) -> str:
    """Record data as text."""
    try:
        kind = dns.rdatatype.RdataType.make(rdtype)
        value = dns.rdata.from_wire(
            dns.rdataclass.RdataClass.make(rdclass), kind, rdata, 0, len(rdata)
        )
        return str(value.to_text(chunksize=BASE64_CHUNK))
    except (dns.exception.DNSException, ValueError, TypeError, IndexError, KeyError):
        return f"\\# {len(rdata)} {rdata.hex().upper()}".rstrip()


def type_text(number: int) -> str:
    """The mnemonic of a type, or ``TYPE123``."""
    try:
        return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number))
    except ValueError:
        return f"TYPE{number}"


def type_number(text: str) -> int | None:
    """The type of a mnemonic in any case; None where it is none."""
    try:
        return int(dns.rdatatype.from_text(text))
    except (dns.rdatatype.UnknownRdatatype, ValueError):
        return None


def class_text(number: int) -> str:
    """The mnemonic of a class, or ``CLASS123``."""
    try:
        return dns.rdataclass.to_text(dns.rdataclass.RdataClass.make(number))
    except ValueError:
        return f"CLASS{number}"


def class_number(text: str) -> int | None:
    """The class of a mnemonic in any case; None where it is none."""
    try:
        return int(dns.rdataclass.from_text(text))
    except (dns.rdataclass.UnknownRdataclass, ValueError):
        return None


def opcode_text(number: int) -> str:
    """As dig names it."""
    try:
        return dns.opcode.to_text(dns.opcode.Opcode.make(number))
    except ValueError:
        return f"RESERVED{number}"


def rcode_text(number: int) -> str:
    """As dig names it."""
    try:
        return dns.rcode.to_text(dns.rcode.Rcode.make(number))
    except ValueError:
        return f"RESERVED{number}"
