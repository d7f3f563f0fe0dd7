"""The file that keeps the state of trust anchors: unbound's ``auto-trust-anchor-file``.

One section for each zone: lines ``;;name: value`` with the times of its queries, then its keys as
DNSKEY records with their states behind them. A file of one zone is read by unbound, and unbound's
files are read here; so is a plain list of DS or DNSKEY records, whose keys are then valid.
"""

import os
import re
import tempfile
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firstbyte.errors import UsageError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.names import to_text
from firstbyte.resolver.daemon.anchors import anchor_from
from firstbyte.resolver.daemon.parsing import lines, zone
from firstbyte.resolver.rollover.refresh import SEP
from firstbyte.resolver.rollover.states import (
    GONE,
    TRUSTED,
    State,
    TrackedKey,
    TrustPoint,
    clear_form,
    revoked_form,
)

KEY = "trust_anchor_state"
MAX_UNIX_S = 253_402_300_799
"""The end of the year 9999."""
MAX_DIGITS = 12
_HEAD = """\
; autotrust trust anchor file
; Kept by firstbyte dns serve (RFC 5011). Stop it before you edit this.
"""
_DELETED = """\
;;REVOKED
; All keys of this zone are revoked: it has no trust anchor any more.
"""
_TIMES = {
    "last_queried": "queried_s",
    "last_success": "succeeded_s",
    "next_probe_time": "next_s",
    "query_failed": "failures",
    "query_interval": "interval_s",
    "retry_time": "retry_s",
}
_SIGNATURE = re.compile(r"\sRRSIG\s", re.IGNORECASE)
_VALUE = re.compile(r";;(\w+): *(-?\d+)")
_MARK = re.compile(r";;(state|count|lastchange)=(-?\d+)")


def read(path: Path) -> dict[bytes, TrustPoint]:
    """The trust points of a file; none where there is no file.

    Raises:
        UsageError: it cannot be read, or understood.

    """
    if not path.exists():
        return {}
    texts = lines(path, KEY)
    try:
        return parse(texts)
    except UsageError as error:
        hint = "move it away, to begin again from the configured trust anchors"
        raise UsageError(f"{KEY}: {path}: {error}", hint) from error


def parse(texts: Iterable[str]) -> dict[bytes, TrustPoint]:
    """The trust points that these lines describe.

    Raises:
        UsageError: a line that cannot be understood.

    """
    points: dict[bytes, TrustPoint] = {}
    given: set[bytes] = set()
    current = b""
    for number, text in enumerate(texts, 1):
        try:
            if text.startswith(";;id:"):
                current = _zone(text)
                points.setdefault(current, TrustPoint(current))
            elif text.startswith(";;"):
                _take_value(text, points, current)
            elif text.partition(";")[0].strip() and not _SIGNATURE.search(text):
                point = _record(text, points)
                points[point.zone] = point
                given.add(point.zone)
        except UsageError as error:
            raise UsageError(f"line {number}: {error}") from error
    for name in given:
        # a zone of which only data-signing keys are given must not look like one without anchors
        if not points[name].tracked and not points[name].digests:
            shown = to_text(name)
            raise UsageError(f"no key-signing key of {shown} (flags 257), and no DS record")
    return points


def _zone(text: str) -> bytes:
    words = text.partition(":")[2].split()
    if not words:
        raise UsageError(f"{text!r} names no zone")
    return zone(words[0])


def _take_value(text: str, points: dict[bytes, TrustPoint], current: bytes) -> None:
    found = _VALUE.match(text)
    field = _TIMES.get(found[1]) if found else None
    if found is None or field is None:
        return
    if current not in points:
        raise UsageError(f"{text!r} stands before any ';;id:' line")
    changed: dict[str, Any] = {field: _number(found[2])}
    points[current] = replace(points[current], **changed)


def _number(text: str) -> int:
    if len(text) > MAX_DIGITS or not 0 <= int(text) <= MAX_UNIX_S:
        raise UsageError(f"{text[: MAX_DIGITS + 1]} is no time")
    return int(text)


def _record(text: str, points: dict[bytes, TrustPoint]) -> TrustPoint:
    record, _, comment = text.partition(";")
    rrset = anchor_from(record)
    rdata = rrset.rdatas[0]
    point = points.get(rrset.key) or TrustPoint(rrset.key)
    if rrset.rdtype == dns.DS:
        return replace(point, digests=(*point.digests, rdata))
    marks = {name: _number(value) for name, value in _MARK.findall(";" + comment)}
    if "state" not in marks and not rdata[1] & SEP:
        return point  # of a zone's keys as dig prints them, those for its data are no anchors
    try:
        state = State(marks.get("state", State.VALID))
    except ValueError as error:
        raise UsageError(f"state {marks['state']} is unknown") from error
    if state is State.START:
        return point
    ttl_s = _ttl_s(record)
    rdata = clear_form(rdata)
    key = TrackedKey(rdata, state, marks.get("lastchange", 0), marks.get("count", 0), ttl_s)
    others = tuple(other for other in point.tracked if other.rdata != rdata)
    return replace(point, tracked=(*others, key))


def _ttl_s(record: str) -> int:
    word = record.split()[1]
    return min(int(word[:10]), 0x7FFFFFFF) if word.isdecimal() and word.isascii() else 0


def render(points: Iterable[TrustPoint]) -> str:
    """The text of the file."""
    return _HEAD + "".join(_section(point) for point in points)


def _section(point: TrustPoint) -> str:
    states = {key.state for key in point.tracked}
    deleted = bool(states & GONE) and not states & TRUSTED and not point.digests
    rows = [_DELETED.rstrip()] if deleted else []
    rows.append(f";;id: {to_text(point.zone)} 1")
    for name, field in _TIMES.items():
        value = getattr(point, field)
        shown = f" ;;{date(value)}" if field in ("queried_s", "succeeded_s", "next_s") else ""
        rows.append(f";;{name}: {value}{shown}")
    rows += [f"{to_text(point.zone)}\tIN\tDS\t{_ds_text(digest)}" for digest in point.digests]
    rows += [_key_line(point.zone, key) for key in point.tracked]
    return "\n".join(rows) + "\n"


def date(unix_s: int) -> str:
    """A time as people read it, in UTC."""
    return datetime.fromtimestamp(min(unix_s, MAX_UNIX_S), UTC).strftime("%a %b %d %H:%M:%S %Y UTC")


def _ds_text(rdata: bytes) -> str:
    tag = int.from_bytes(rdata[:2], "big")
    return f"{tag} {rdata[2]} {rdata[3]} {rdata[4:].hex().upper()}"


def _key_line(owner: bytes, key: TrackedKey) -> str:
    shown = revoked_form(key.rdata) if key.state in GONE else key.rdata
    flags = int.from_bytes(shown[:2], "big")
    kind = "ksk" if flags & SEP else "zsk"
    value = f"{flags} {shown[2]} {shown[3]} {b64encode(shown[4:]).decode()}"
    name = key.state.name.replace("_", "")
    return (
        f"{to_text(owner)}\t{key.ttl_s}\tIN\tDNSKEY\t{value} ;{{id = {key.tag} ({kind})}} "
        f";;state={key.state.value} [{name:^9}] ;;count={key.seen} "
        f";;lastchange={key.since_s} ;;{date(key.since_s)}"
    )


def write(path: Path, points: Iterable[TrustPoint]) -> None:
    """Replace the file as a whole: who reads it sees the old state or the new one.

    Raises:
        OSError: the directory or the disk does not allow it.

    """
    target = path.resolve()  # a link stays a link
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(render(points))
            file.flush()
            os.fsync(handle)
        os.chmod(name, 0o644)  # noqa: PTH101 # keys are public; others may look
        os.replace(name, target)  # noqa: PTH105
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
