"""Trust anchors: DS or DNSKEY records as text, and the root's own (RFC 9718)."""

import re
from base64 import b64decode
from collections.abc import Iterable

from firstbyte.errors import DecodeError, UsageError
from firstbyte.protocols.dns.constants import DNSKEY, DS
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import from_text

_UNTRUSTED = re.compile(r";;state=[0145]\b")
"""Keys that are not yet, or no more, trusted (RFC 5011, 4.2), as unbound's files mark them."""
_ROOT = (
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
)


def root_anchors() -> tuple[RRset, ...]:
    """The two keys that IANA publishes for the root zone."""
    return anchors_from(_ROOT)


def anchors_from(texts: Iterable[str]) -> tuple[RRset, ...]:
    """Anchors from zone-file lines; comments and empty lines are left out.

    Of a file that unbound or this daemon keeps (RFC 5011), only the trusted keys are taken.

    Raises:
        UsageError: a line is no DS or DNSKEY record.

    """
    sets: dict[tuple[bytes, int], RRset] = {}
    for text in _records(texts):
        rrset = anchor_from(text)
        known = sets.setdefault((rrset.key, rrset.rdtype), rrset)
        if known is not rrset:
            known.rdatas = (*known.rdatas, *rrset.rdatas)
    return tuple(sets.values())


def _records(texts: Iterable[str]) -> list[str]:
    """Whole records: parentheses join lines (RFC 1035, 5.1)."""
    found = []
    pending = ""
    for text in texts:
        if _UNTRUSTED.search(text):
            continue
        pending += " " + text.partition(";")[0].strip()
        if pending.count("(") > pending.count(")"):
            continue
        record = pending.replace("(", " ").replace(")", " ").strip()
        if record and not record.startswith("$"):
            found.append(record)
        pending = ""
    return found


def anchor_from(text: str) -> RRset:
    """The DS or DNSKEY record of one line.

    Raises:
        UsageError: it is none.

    """
    words = text.split()
    upper = [word.upper() for word in words]
    kind = next((word for word in upper[1:5] if word in ("DS", "DNSKEY")), None)
    if kind is None:
        hint = 'write "example. IN DS 12345 13 2 ABCD…" or a DNSKEY record'
        raise UsageError(f"trust anchor {text!r} is no DS or DNSKEY record", hint)
    value = " ".join(words[upper.index(kind, 1) + 1 :])
    try:
        owner = from_text(words[0].encode("idna").decode() if not words[0].isascii() else words[0])
        rdata = _ds(value) if kind == "DS" else _dnskey(value)
    except (DecodeError, ValueError, OverflowError) as error:
        words_for_it = str(error) or "an unknown mnemonic"
        raise UsageError(f"trust anchor {text!r} cannot be read: {words_for_it}") from error
    return RRset(owner.lower(), DS if kind == "DS" else DNSKEY, 0, [rdata])


def _ds(value: str) -> bytes:
    """The data of a DS record; a digest of the wrong length is the validator's to judge."""
    tag, algorithm, digest_type, digest, *rest = value.split()
    kinds = bytes((_algorithm(algorithm), _digest_type(digest_type)))
    return int(tag).to_bytes(2, "big") + kinds + bytes.fromhex(digest + "".join(rest))


def _dnskey(value: str) -> bytes:
    flags, protocol, algorithm, key, *rest = value.split()
    head = int(flags).to_bytes(2, "big") + bytes((int(protocol), _algorithm(algorithm)))
    return head + b64decode(key + "".join(rest), validate=True)


def _algorithm(word: str) -> int:
    if word.isdigit():
        return int(word)
    from dns.dnssectypes import Algorithm  # which knows the mnemonics, and takes 20 ms to load

    return Algorithm.make(word)


def _digest_type(word: str) -> int:
    if word.isdigit():
        return int(word)
    from dns.dnssectypes import DSDigest

    return DSDigest.make(word)
