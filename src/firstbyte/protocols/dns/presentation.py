"""Records as text, in the presentation format of their types (RFC 1035, 5; RFC 3597, 5).

The common types and codes are known here; dnspython is loaded when a rare one is met.
"""

from typing import Any, NamedTuple

from firstbyte.protocols.dns import constants
from firstbyte.protocols.dns.common_text import common_text
from firstbyte.protocols.dns.message import Record
from firstbyte.protocols.dns.names import to_text

MAX_OPCODE = 15
MAX_DIGITS = 10
"""Of a class or an opcode with zeros before it; Python refuses to read very long numbers."""
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
    return _text(rdclass, rdtype, rdata, chunksize=chunk)


def plain_text(rdtype: int, rdata: bytes) -> str:
    """Record data of class IN as text, in dnspython's own style: what events hold."""
    return _text(constants.IN, rdtype, rdata)


def _text(rdclass: int, rdtype: int, rdata: bytes, **style: Any) -> str:
    known = common_text(rdtype, rdata) if rdclass == constants.IN else None
    if known is not None:
        return known
    import dns.exception
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

    try:
        kind = dns.rdatatype.RdataType.make(rdtype)
        value = dns.rdata.from_wire(
            dns.rdataclass.RdataClass.make(rdclass), kind, rdata, 0, len(rdata)
        )
        return str(value.to_text(**style))
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
    known = constants.TYPE_NAMES.get(number)
    if known is not None:
        return known
    import dns.rdatatype

    try:
        return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number))
    except ValueError:
        return f"TYPE{number}"


def type_number(text: str) -> int | None:
    """The type of a mnemonic in any case; None where it is none."""
    known = _TYPES.get(text.upper())
    if known is not None:
        return known
    import dns.rdatatype

    try:
        return int(dns.rdatatype.from_text(text))
    except (dns.rdatatype.UnknownRdatatype, ValueError):
        return None


_TYPES = {name: number for number, name in constants.TYPE_NAMES.items()}


def class_text(number: int) -> str:
    """The mnemonic of a class, or ``CLASS123``."""
    return _CLASSES.get(number, f"CLASS{number}")


_CLASSES = {0: "RESERVED0", 1: "IN", 3: "CH", 4: "HS", 254: "NONE", 255: "ANY"}


def class_number(text: str) -> int | None:
    """The class of a mnemonic in any case; None where it is none."""
    known = _CLASS_NUMBERS.get(text.upper())
    digits = text[len("CLASS") :] if text.upper().startswith("CLASS") else ""
    if known is None and digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS:
        return int(digits) if int(digits) <= 0xFFFF else None
    return known


_CLASS_NUMBERS = {name: number for number, name in _CLASSES.items()} | {
    "INTERNET": 1,
    "CHAOS": 3,
    "HESIOD": 4,
}


def opcode_text(number: int) -> str:
    """As dig names it."""
    return _OPCODES.get(number, f"RESERVED{number}")


_OPCODES = {0: "QUERY", 1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE"}


def opcode_number(text: str) -> int | None:
    """The opcode of a mnemonic in any case, or of a number; None where it is neither."""
    for number, name in _OPCODES.items():
        if name == text.upper():
            return number
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        return None
    return int(text) if int(text) <= MAX_OPCODE else None


def rcode_text(number: int) -> str:
    """As dig names it."""
    return _RCODES.get(number, f"RESERVED{number}")


_RCODES = constants.RCODE_NAMES | {
    7: "YXRRSET",
    8: "NXRRSET",
    9: "NOTAUTH",
    10: "NOTZONE",
    11: "DSOTYPENI",
    17: "BADKEY",
    18: "BADTIME",
    19: "BADMODE",
    20: "BADNAME",
    21: "BADALG",
    22: "BADTRUNC",
}
