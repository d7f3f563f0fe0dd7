"""The OPT record as dig writes it (RFC 6891, 6.1.3)."""

from ipaddress import ip_address

from firstbyte.protocols.dns import ede
from firstbyte.protocols.dns.message import Edns
from firstbyte.rendering.escape import escape

NSID = 3
CLIENT_SUBNET = 8
EXPIRE = 9
COOKIE = 10
KEEPALIVE = 11
PADDING = 12
_LABELS = {EXPIRE: "EXPIRE", KEEPALIVE: "TCP KEEPALIVE", CLIENT_SUBNET: "CLIENT-SUBNET"}
_CLIENT_COOKIE_BYTES = 8


def opt_lines(edns: Edns, asked: Edns | None) -> list[str]:
    """The pseudosection; ``asked`` is the query's, whose cookie must come back."""
    flags = " do" if edns.dnssec_ok else ""
    lines = [
        ";; OPT PSEUDOSECTION:",
        f"; EDNS: version: {edns.version}, flags:{flags}; udp: {edns.payload_bytes}",
    ]
    lines += [_option(code, value, asked) for code, value in edns.options if code != ede.OPTION]
    for number, text in ede.errors(edns):
        said = f": ({escape(text)})" if text else ""
        lines.append(f"; EDE: {number} ({ede.name(number)}){said}")
    return lines


def _option(code: int, value: bytes, asked: Edns | None) -> str:
    if code == NSID:
        return _readable("NSID", value)
    if code == COOKIE:
        return f"; COOKIE: {value.hex()}{_judged(value, asked)}"
    if code == CLIENT_SUBNET and (subnet := _subnet(value)) is not None:
        return f"; CLIENT-SUBNET: {subnet}"
    if code == EXPIRE and len(value) == 4:
        return f"; EXPIRE: {int.from_bytes(value, 'big')}"
    if code == KEEPALIVE and len(value) == 2:
        return f"; TCP KEEPALIVE: {int.from_bytes(value, 'big') / 10:.1f} secs"
    if code == PADDING:
        return f"; PAD: ({len(value)} bytes)"
    return _readable(_LABELS.get(code, f"OPT={code}"), value)


def _readable(label: str, value: bytes) -> str:
    if not value:
        return f"; {label}:"
    octets = value.hex(" ")
    text = "".join(chr(octet) if 32 <= octet < 127 else "." for octet in value)
    return f'; {label}: {octets} ("{text}")'


def _judged(value: bytes, asked: Edns | None) -> str:
    """Whether the client's part came back."""
    own = None if asked is None else asked.option(COOKIE)
    if own is None:
        return ""
    if value == own and len(value) == _CLIENT_COOKIE_BYTES:
        return " (echoed)"
    return " (good)" if value[:_CLIENT_COOKIE_BYTES] == own[:_CLIENT_COOKIE_BYTES] else " (bad)"


def _subnet(value: bytes) -> str | None:
    if len(value) < 4:
        return None
    family, bits, scope = int.from_bytes(value[:2], "big"), value[2], value[3]
    width = {1: 4, 2: 16}.get(family)
    if width is None or len(value) - 4 > width:
        return None
    return f"{ip_address(value[4:] + bytes(width - len(value) + 4))}/{bits}/{scope}"
