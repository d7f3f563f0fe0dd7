"""A DNS message out of what people have at hand: digits, dumps, base64, URLs, packets."""

import base64
import binascii
import re

from firstbyte.errors import UsageError

HEADER_BYTES = 12
_HINT = "hexadecimal digits, a hex dump, base64url, a DoH URL (?dns=…), or a FILE with one of them"
_URL_PARAMETER = re.compile(r"[?&]dns=([A-Za-z0-9_-]+)")
_OFFSET_LINE = re.compile(
    r"^\s*(?:0x)?[0-9a-fA-F]{4,8}:?\s+((?:[0-9a-fA-F]{2,4}\s{1,2})*[0-9a-fA-F]{2,4})(?:\s{2,}.*|\s*)$"
)
_DECORATION = re.compile(r"\\x|0[xX]|[\s:,;{}\"'\[\]()|]+")
_BASE64 = re.compile(r"^[A-Za-z0-9+/_-]+={0,2}$")
_ETHERTYPES = {b"\x08\x00": 4, b"\x86\xdd": 6}
_UDP = 17
_PORTS = frozenset({53, 5353, 5355, 853})


def from_text(text: str) -> bytes:
    """The octets that a text stands for.

    Raises:
        UsageError: it is none of the notations.

    """
    url = _URL_PARAMETER.search(text)
    if url is not None:
        return _base64(url.group(1))
    plain = _without_offsets(text)
    digits = _DECORATION.sub("", plain)
    if digits and set(digits) <= set("0123456789abcdefABCDEF"):
        return _hexadecimal(digits)
    words = "".join(text.split())
    if _BASE64.match(words) and len(words) * 3 // 4 >= HEADER_BYTES:
        return _base64(words)
    raise UsageError(f"{_short(text)!r} is no message: {_why(digits)}", _HINT)


def _without_offsets(text: str) -> str:
    """The octets of a dump as xxd, hexdump -C, tcpdump and Wireshark print it."""
    lines = [line for line in text.splitlines() if line.strip()]
    matched = [_OFFSET_LINE.match(line) for line in lines]
    if lines and all(matched) and _counts_up(lines):
        return " ".join(match.group(1) for match in matched if match is not None)
    return text


def _counts_up(lines: list[str]) -> bool:
    """Whether each line begins with an offset: 0 first, and growing."""
    words = [line.split()[0].rstrip(":").removeprefix("0x") for line in lines]
    offsets = [int(word, 16) for word in words]
    return offsets[0] == 0 and offsets == sorted(set(offsets)) and len(words[0]) >= 4


def _hexadecimal(digits: str) -> bytes:
    if len(digits) % 2:
        raise UsageError(f"an odd number of hexadecimal digits: {len(digits)}", _HINT)
    return bytes.fromhex(digits)


def _base64(text: str) -> bytes:
    """Base64url without padding (RFC 8484, 6), or plain base64."""
    standard = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"{_short(text)!r} is no base64url: {error}", _HINT) from error


def _why(digits: str) -> str:
    for at, digit in enumerate(digits):
        if digit not in "0123456789abcdefABCDEF":
            return f"{digit!r} is digit {at + 1}, and not hexadecimal"
    return "it is empty"


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 40 else words[:39] + "…"


def unwrapped(data: bytes) -> tuple[bytes, str]:
    """A message without what stood before it, and what that was: a length, or packet headers."""
    if len(data) > HEADER_BYTES + 2 and int.from_bytes(data[:2], "big") == len(data) - 2:
        return data[2:], "a length of 2 octets, as over TCP (RFC 1035, 4.2.2)"
    version = _ETHERTYPES.get(data[12:14])
    if version is not None and (payload := _datagram(data[14:], version)) is not None:
        return payload, f"Ethernet, IPv{version} and UDP headers"
    for version in (4, 6):
        payload = _datagram(data, version)
        if payload is not None:
            return payload, f"IPv{version} and UDP headers"
    return data, ""


def _datagram(data: bytes, version: int) -> bytes | None:
    """The payload of a UDP datagram of a DNS port in an IP packet; None: it is none."""
    if len(data) < 28 or data[0] >> 4 != version:
        return None
    if version == 4:
        head, protocol, total = (data[0] & 15) * 4, data[9], int.from_bytes(data[2:4], "big")
    else:
        head, protocol, total = 40, data[6], 40 + int.from_bytes(data[4:6], "big")
    udp = data[head : head + 8]
    if protocol != _UDP or len(udp) < 8 or total > len(data):
        return None
    ports = {int.from_bytes(udp[:2], "big"), int.from_bytes(udp[2:4], "big")}
    end = head + int.from_bytes(udp[4:6], "big")
    return data[head + 8 : end] if ports & _PORTS and end <= len(data) else None
