"""One record as dig writes it: columns by tabs, digits in dig's case, lines broken on request."""

import re
from collections.abc import Sequence
from ipaddress import IPv6Address

from msgspec import Struct

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Record
from firstbyte.protocols.dns.names import to_text
from firstbyte.protocols.dns.presentation import (
    BASE64_CHUNK,
    class_text,
    data_text,
    octets_text,
    type_text,
)
from firstbyte.rendering.escape import escape

_TAB = 8
_BROKEN_WIDTH = 44
_CDS, _CDNSKEY, _SSHFP, _TLSA, _SMIMEA, _ZONEMD = 59, 60, 44, 52, 53, 63
_HIP, _NID, _L64, _GPOS, _CERT, _OPENPGPKEY = 55, 104, 106, 27, 37, 61
_KEYS = {dns.DNSKEY, _CDNSKEY, 25}
_DIGESTS = {dns.DS: 3, _CDS: 3, _SSHFP: 2, _TLSA: 3, _SMIMEA: 3, _ZONEMD: 3}
"""How many words stand before the digest."""
_BARE_PARAMETERS = re.compile(r'\b(mandatory|port|ipv4hint|ipv6hint|ech)="([^"]*)"')
_SOA_FIELDS = ("serial", "refresh", "retry", "expire", "minimum")
_UNITS = (("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
_ALGORITHMS = {
    5: "RSASHA1",
    7: "NSEC3RSASHA1",
    8: "RSASHA256",
    10: "RSASHA512",
    13: "ECDSAP256SHA256",
    14: "ECDSAP384SHA384",
    15: "ED25519",
    16: "ED448",
}


class Style(Struct, frozen=True):
    """What of a record is shown, and how; dig's words of the same names."""

    ttl: bool = True
    rdclass: bool = True
    ttlunits: bool = False
    multiline: bool = False
    rrcomments: bool = False
    crypto: bool = True
    unknownformat: bool = False
    expandaaaa: bool = False
    split: int = BASE64_CHUNK

    @property
    def columns(self) -> tuple[int, int, int, int]:
        """Where TTL, class, type and data begin."""
        if self.multiline or not (self.ttl or self.rdclass):
            return 24, 24, 24, 32
        return (24, 32, 40, 48) if self.ttl and self.rdclass else (24, 24, 32, 40)


PLAIN = Style()


def record_line(record: Record, style: Style = PLAIN) -> str:
    """One record; with ``multiline`` it may be several lines."""
    columns = style.columns
    raw = style.unknownformat  # RFC 3597, 5: numbers in place of all mnemonics
    line = escape(to_text(record.key))
    if style.ttl:
        line = _moved(line, columns[0]) + ttl_text(record.ttl_s, units=style.ttlunits)
    if style.rdclass:
        rdclass = f"CLASS{record.rdclass}" if raw else class_text(record.rdclass)
        line = _moved(line, columns[1]) + rdclass
    rdtype = f"TYPE{record.rdtype}" if raw else type_text(record.rdtype)
    line = _moved(line, columns[2]) + rdtype
    return _moved(line, columns[3]) + data_lines(record, style)


def _moved(line: str, target: int) -> str:
    """``line`` up to a column: by tabs where they reach, one blank at least."""
    at = len(line.expandtabs(_TAB))
    target = max(target, at + 1)
    tabs = target // _TAB - at // _TAB
    if tabs == 0:
        return line + " " * (target - at)
    return line + "\t" * tabs + " " * (target % _TAB)


def column(text: str, target: int) -> str:
    """``text`` and blank up to a column."""
    return _moved(text, target)


def ttl_text(seconds: int, *, units: bool) -> str:
    """A TTL: in seconds, or as ``1h30m``."""
    if not units or seconds == 0:
        return f"{seconds}s" if units else str(seconds)
    parts = ""
    for name, size in _UNITS:
        count, seconds = divmod(seconds, size)
        parts += f"{count}{name[0]}" if count else ""
    return parts


def data_lines(record: Record, style: Style) -> str:
    """The data, with dig's digits, comments and line breaks."""
    if style.unknownformat:
        return octets_text(record.rdata, style.split)
    if style.expandaaaa and record.rdtype == dns.AAAA and len(record.rdata) == 16:
        return IPv6Address(record.rdata).exploded
    data = data_text(record.rdclass, record.rdtype, record.rdata, style.split)
    text = escape(_as_dig(record.rdtype, data))
    if not style.crypto:
        return _without_crypto(record, text)
    if style.multiline:
        broken = _broken(record, text)
        if broken is not None:
            return broken
    comment = _key_comment(record) if style.rrcomments else ""
    return f"{text}  ; {comment}" if comment else text


def _as_dig(rdtype: int, text: str) -> str:
    words = text.split(" ")
    if words[0] == "\\#":
        return " ".join((*words[:2], *(word.upper() for word in words[2:]))).rstrip()
    if rdtype in _DIGESTS:
        head = _DIGESTS[rdtype]
        return " ".join((*words[:head], *(word.upper() for word in words[head:])))
    if rdtype == _HIP:
        return " ".join((words[0], words[1].upper(), *words[2:]))
    if rdtype in (_NID, _L64):
        groups = (group.lstrip("0") or "0" for group in words[1].split(":"))
        return f"{words[0]} {':'.join(groups)}"
    if rdtype == _GPOS:
        return " ".join(f'"{word}"' for word in words)
    if rdtype in (dns.SVCB, dns.HTTPS):
        return _BARE_PARAMETERS.sub(r"\1=\2", text)
    if rdtype in (dns.NSEC3, dns.NSEC3PARAM):
        return " ".join((*words[:3], *(word.upper() for word in words[3:])))
    return text


def _without_crypto(record: Record, text: str) -> str:
    words = text.split(" ")
    if record.rdtype in _KEYS:
        return f"{' '.join(words[:3])} [key id = {_tag(record.rdata)}]"
    if record.rdtype in _DIGESTS:
        return f"{' '.join(words[: _DIGESTS[record.rdtype]])} [omitted]"
    if record.rdtype == dns.RRSIG:
        return f"{' '.join(words[:8])} [omitted]"
    return text


def _tag(rdata: bytes) -> int:
    """The key tag (RFC 4034, appendix B)."""
    total = sum(octet << 8 if at % 2 == 0 else octet for at, octet in enumerate(rdata))
    return (total + (total >> 16)) & 0xFFFF


def _key_comment(record: Record) -> str:
    if record.rdtype not in _KEYS or len(record.rdata) < 4:
        return ""
    flags = int.from_bytes(record.rdata[:2], "big")
    kind = "KSK" if flags & 1 else "ZSK"
    if flags & 0x80:
        kind = f"revoked {kind}"
    number = record.rdata[3]
    name = _ALGORITHMS.get(number, number)
    return f"{kind}; alg = {name} ; key id = {_tag(record.rdata)}"


def _broken(record: Record, text: str) -> str | None:
    """The data on several lines, for the types that dig breaks."""
    words = text.split(" ")
    indent = "\n" + "\t" * 4
    if record.rdtype == dns.SOA and len(words) == 7:
        rows = (
            _soa_row(name, int(word)) for name, word in zip(_SOA_FIELDS, words[2:], strict=True)
        )
        return f"{words[0]} {words[1]} ({indent}{indent.join(rows)}{indent})"
    if record.rdtype in _KEYS:
        body = indent.join(_chunks(words[3:]))
        return f"{' '.join(words[:3])} ({indent}{body}{indent}) ; {_key_comment(record)}"
    if record.rdtype in _DIGESTS:
        head = _DIGESTS[record.rdtype]
        return f"{' '.join(words[:head])} ({indent}{indent.join(_chunks(words[head:]))} )"
    if record.rdtype == dns.RRSIG and len(words) > 8:
        times = " ".join(words[4:8])
        body = indent.join(_chunks(words[8:]))
        return f"{' '.join(words[:4])} ({indent}{times}{indent}{body} )"
    if record.rdtype in (_CERT, _OPENPGPKEY):
        fixed = words[:3] if record.rdtype == _CERT else []
        body = indent.join(_chunks(words[len(fixed) :]))
        return " ".join((*fixed, f"({indent}{body} )" if fixed else f"( {body} )"))
    if text.startswith("\\#") and len(words) > 2:
        return f"{words[0]} {words[1]} ( {indent.join(_chunks(words[2:]))} )"
    if record.rdtype == dns.NSEC3 and len(words) > 4:
        types = " ".join(words[5:])
        return f"{' '.join(words[:4])} ({indent}{words[4]}{indent}{types} )"
    return None


def _soa_row(name: str, value: int) -> str:
    spelled = f" ({spelled_out(value)})" if name != "serial" else ""
    return f"{value:<10} ; {name}{spelled}"


def spelled_out(seconds: int) -> str:
    """A time in words: ``1 week 2 days``."""
    parts = []
    left = seconds
    for name, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}{'s' if count != 1 else ''}")
    return " ".join(parts) or "0 seconds"


def _chunks(words: Sequence[str]) -> list[str]:
    whole = "".join(words)
    return [whole[at : at + _BROKEN_WIDTH] for at in range(0, len(whole), _BROKEN_WIDTH)]
