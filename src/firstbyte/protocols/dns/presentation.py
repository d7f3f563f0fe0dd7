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


def data_text(rdclass: int, rdtype: int, rdata: bytes, chunk: int = BASE64_CHUNK) -> str:
    """Record data as text; long keys and signatures with a blank after each ``chunk``; 0: none."""
    try:
        kind = dns.rdatatype.RdataType.make(rdtype)
        value = dns.rdata.from_wire(
            dns.rdataclass.RdataClass.make(rdclass), kind, rdata, 0, len(rdata)
        )
        return str(value.to_text(chunksize=chunk))
    except (dns.exception.DNSException, ValueError, TypeError, IndexError, KeyError):
        return octets_text(rdata)


def octets_text(rdata: bytes, chunk: int = 0) -> str:
    """Record data of any type (RFC 3597, 5), with a blank after each ``chunk`` digits; 0: none."""
    digits = rdata.hex().upper()
    width = chunk or max(1, len(digits))
    parts = (digits[at : at + width] for at in range(0, len(digits), width))
    return " ".join(("\\#", str(len(rdata)), *parts))


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
    text = dns.opcode.to_text(dns.opcode.Opcode.make(number))
    return f"RESERVED{number}" if text.isdigit() else text


def opcode_number(text: str) -> int | None:
    """The opcode of a mnemonic in any case, or of a number; None where it is neither."""
    try:
        return int(dns.opcode.from_text(text))
    except (dns.opcode.UnknownOpcode, ValueError):
        return None


def rcode_text(number: int) -> str:
    """As dig names it."""
    try:
        return dns.rcode.to_text(dns.rcode.Rcode.make(number))
    except ValueError:
        return f"RESERVED{number}"
