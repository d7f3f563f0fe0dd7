"""DNS messages and what was learned from them as JSON: messages as RFC 8427 has them."""

from typing import Any

import msgspec

from firstbyte.errors import DecodeError
from firstbyte.journey.resolution import Exchange, Outcome
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import ede, walker
from firstbyte.protocols.dns.message import Edns, Message, Record
from firstbyte.protocols.dns.names import to_text
from firstbyte.protocols.dns.presentation import class_text, data_text, rcode_text, type_text
from firstbyte.protocols.dns.writer import opt_record

_BITS = (
    ("QR", dns.QR),
    ("AA", dns.AA),
    ("TC", dns.TC),
    ("RD", dns.RD),
    ("RA", dns.RA),
    ("AD", dns.AD),
    ("CD", dns.CD),
)


def to_json(outcome: Outcome) -> str:
    """Everything, indented."""
    whole = {
        "schema_version": outcome.schema_version,
        "exchanges": [_exchange(outcome, index) for index in range(len(outcome.exchanges))],
        "walk": msgspec.to_builtins(outcome.walk),
        "chain_of_trust": msgspec.to_builtins(outcome.chain),
        "audited": outcome.audited,
        "inspected": msgspec.to_builtins(outcome.inspected),
        "findings": msgspec.to_builtins(outcome.findings),
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def _exchange(outcome: Outcome, index: int) -> dict[str, Any]:
    exchange: Exchange = outcome.exchanges[index]
    made: dict[str, Any] = {
        "server": exchange.server,
        "port": exchange.port,
        "transport": exchange.transport,
        "rtt_ms": exchange.rtt_ms,
        "attempts": exchange.attempts,
        "notes": list(exchange.notes),
        "tls": exchange.tls,
        "failure": exchange.failure,
        "security": outcome.verdicts[index] if outcome.verdicts else None,
        "reasons": list(outcome.reasons[index]) if outcome.reasons else [],
        "queryMessage": message(exchange.query, exchange.when_s),
    }
    responses = [] if exchange.response is None else [exchange.response, *exchange.more]
    made["responseMessage"] = message(responses[0], exchange.when_s) if responses else None
    if len(responses) > 1:
        made["furtherMessages"] = [message(data, exchange.when_s) for data in responses[1:]]
    return made


def message(data: bytes, when_s: float) -> dict[str, Any]:
    """One message (RFC 8427, 2.1); a broken one as octets with the reason as ``comment``."""
    made: dict[str, Any] = {"dateSeconds": when_s, "msgLength": len(data)}
    try:
        read = walker.decode(data)
    except DecodeError as error:
        return made | {"messageOctetsHEX": data.hex(), "comment": str(error)}
    return made | _header(read) | _sections(read)


def _header(read: Message) -> dict[str, Any]:
    made: dict[str, Any] = {"ID": read.id, "Opcode": read.opcode}
    made |= {name: int(bool(read.flags & bit)) for name, bit in _BITS}
    made |= {
        "RCODE": read.rcode,
        "RCODEname": rcode_text(read.rcode),
        "QDCOUNT": read.question_count,
        "ANCOUNT": len(read.answer),
        "NSCOUNT": len(read.authority),
        "ARCOUNT": len(read.additional) + (read.edns is not None),
    }
    return made


def _sections(read: Message) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if read.qname is not None:
        made |= {
            "QNAME": to_text(read.qname),
            "QTYPE": read.qtype,
            "QTYPEname": type_text(read.qtype),
            "QCLASS": read.qclass,
            "QCLASSname": class_text(read.qclass),
        }
    for name, records in (
        ("answerRRs", read.answer),
        ("authorityRRs", read.authority),
        ("additionalRRs", read.additional),
    ):
        made[name] = [_record(record) for record in records]
    if read.edns is not None:
        made["additionalRRs"].append(_opt(read.edns))
        made["EDNS"] = {
            "version": read.edns.version,
            "udpPayloadSize": read.edns.payload_bytes,
            "DO": int(read.edns.dnssec_ok),
            "options": [{"code": code, "dataHEX": data.hex()} for code, data in read.edns.options],
            "extendedErrors": [
                {"code": code, "name": ede.name(code), "text": text}
                for code, text in ede.errors(read.edns)
            ],
        }
    return made


def _opt(edns: Edns) -> dict[str, Any]:
    """The OPT record as any other, so that ARCOUNT and the list agree."""
    octets = opt_record(edns)
    return {
        "NAME": ".",
        "TYPE": dns.OPT,
        "TYPEname": "OPT",
        "CLASS": edns.payload_bytes,
        "TTL": int.from_bytes(octets[5:9], "big"),
        "RDLENGTH": len(octets) - 11,
        "RDATAHEX": octets[11:].hex().upper(),
    }


def _record(record: Record) -> dict[str, Any]:
    """A record (2.2), its data as octets and as text (2.3)."""
    kind = type_text(record.rdtype)
    return {
        "NAME": to_text(record.key),
        "TYPE": record.rdtype,
        "TYPEname": kind,
        "CLASS": record.rdclass,
        "CLASSname": class_text(record.rdclass),
        "TTL": record.ttl_s,
        "RDLENGTH": len(record.rdata),
        "RDATAHEX": record.rdata.hex().upper(),
        f"rdata{kind}": data_text(record.rdclass, record.rdtype, record.rdata),
    }
