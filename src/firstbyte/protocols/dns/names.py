"""Names as bytes: uncompressed wire format, which hashes, compares and renders at once.

A *key* is a name in lower case; names are equal when their keys are (RFC 4343). Length octets are
below 64 and so are never touched by ``bytes.lower``.
"""

from functools import lru_cache

from firstbyte.errors import DecodeError

ROOT = b"\0"
MAX_NAME_BYTES = 255
_TOLD_CHARACTERS = 80
MAX_LABEL_BYTES = 63
_ESCAPED = frozenset(b'.\\";@$()')


def parent(name: bytes) -> bytes:
    """The name without its first label; the root has none and must not be given."""
    return name[name[0] + 1 :]


def labels(name: bytes) -> list[bytes]:
    """The labels from the first to the last before the root."""
    found = []
    at = 0
    while length := name[at]:
        found.append(name[at + 1 : at + 1 + length])
        at += length + 1
    return found


def name_end(data: bytes, at: int) -> int:
    """Where the name ends that begins at ``at``, in data that is known to be good."""
    while length := data[at]:
        at += length + 1
    return at + 1


def label_count(name: bytes) -> int:
    """The number of labels, the root's not counted (RFC 4034, 3.1.3)."""
    count = at = 0
    while length := name[at]:
        at += length + 1
        count += 1
    return count


def is_under(name: bytes, zone: bytes) -> bool:
    """Whether key ``name`` is key ``zone`` or below it."""
    if not name.endswith(zone):
        return False
    above = len(name) - len(zone)
    at = 0
    while at < above:
        at += name[at] + 1
    return at == above


def ancestor(name: bytes, count: int) -> bytes:
    """The last ``count`` labels of ``name``, which has at least as many."""
    at = 0
    for _ in range(label_count(name) - count):
        at += name[at] + 1
    return name[at:]


def ancestors(name: bytes) -> list[bytes]:
    """``name``, its parent, … and the root."""
    found = [name]
    while len(name) > 1:
        name = name[name[0] + 1 :]
        found.append(name)
    return found


def common_ancestor(one: bytes, two: bytes) -> bytes:
    """The longest name that both keys are under."""
    while not is_under(two, one):
        one = parent(one)
    return one


def wildcard(name: bytes) -> bytes:
    """``*.name``."""
    return b"\x01*" + name


@lru_cache(maxsize=8192)
def canonical_order(name: bytes) -> tuple[bytes, ...]:
    """A sort key for DNSSEC's order of names (RFC 4034, 6.1); ``name`` is a key."""
    return tuple(reversed(labels(name)))


def from_labels(parts: list[bytes]) -> bytes:
    """The name of these labels; the caller holds the limits."""
    return b"".join(bytes((len(part),)) + part for part in parts) + ROOT


def from_text(text: str) -> bytes:
    r"""The name of presentation format, with ``\.`` and ``\123`` escapes (RFC 1035, 5.1).

    Raises:
        DecodeError: an empty or too long label, a too long name, or a broken escape.

    """
    if text in ("", "."):
        return ROOT
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError as error:
        found = repr(text[error.start])
        raise DecodeError(error.start, "name", "text", found, "RFC 1035, 5.1") from error
    if b"\\" not in raw:
        return _checked(raw.removesuffix(b".").split(b"."), text)
    parts = [bytearray()]
    at = 0
    while at < len(raw):
        if raw[at] == 0x5C:
            value, at = _escape(raw, at + 1)
            parts[-1].append(value)
            continue
        if raw[at] == 0x2E:
            parts.append(bytearray())
        else:
            parts[-1].append(raw[at])
        at += 1
    if not parts[-1]:
        parts.pop()
    return _checked([bytes(part) for part in parts], text)


def _escape(raw: bytes, at: int) -> tuple[int, int]:
    digits = raw[at : at + 3]
    if len(digits) == 3 and digits.isdigit() and int(digits) < 256:
        return int(digits), at + 3
    if at < len(raw) and not raw[at : at + 1].isdigit():
        return raw[at], at + 1
    raise DecodeError(at, "name", "an escaped octet", repr(raw[at - 1 :]), "RFC 1035, 5.1")


def _cut(text: str) -> str:
    """For messages: a text that may be as long as an argument."""
    return repr(text if len(text) <= _TOLD_CHARACTERS else text[: _TOLD_CHARACTERS - 1] + "…")


def _checked(parts: list[bytes], text: str) -> bytes:
    for part in parts:
        if not 1 <= len(part) <= MAX_LABEL_BYTES:
            raise DecodeError(0, "label", "1 to 63 octets", _cut(text), "RFC 1035, 2.3.4")
    name = from_labels(parts)
    if len(name) > MAX_NAME_BYTES:
        raise DecodeError(0, "name", "at most 255 octets", _cut(text), "RFC 1035, 2.3.4")
    return name


def to_text(name: bytes) -> str:
    """Presentation format with its final dot; odd octets are escaped (RFC 4343, 2.1)."""
    if name == ROOT:
        return "."
    return "".join("".join(map(_shown, label)) + "." for label in labels(name))


def _shown(octet: int) -> str:
    if octet in _ESCAPED:
        return "\\" + chr(octet)
    return chr(octet) if 0x21 <= octet <= 0x7E else f"\\{octet:03d}"
