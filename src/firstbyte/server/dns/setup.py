"""From what a user asks for to zones that are ready to be served."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

from firstbyte.errors import UsageError
from firstbyte.protocols.dns.names import to_text
from firstbyte.server.dns.delivery import Treatment
from firstbyte.server.dns.faults.registry import change, choose, treatments
from firstbyte.server.dns.journal import extended, is_newer
from firstbyte.server.dns.key_store import load_or_make
from firstbyte.server.dns.keys import ZoneKey
from firstbyte.server.dns.signing import Policy, delegate, ds_set, make_keys, sign_zone
from firstbyte.server.dns.versions import Source, number_version, source_of
from firstbyte.server.dns.zone import Zone
from firstbyte.server.dns.zone_set import Network, ZoneSet
from firstbyte.server.dns.zonefile import load_zone


@dataclass(frozen=True, slots=True)
class Wishes:
    """What to serve. ``policy`` null: zones as they are in their files."""

    files: Sequence[str]
    """``ZONEFILE`` or ``ORIGIN=ZONEFILE``."""
    views: Sequence[str] = ()
    """``SUBNET=ZONEFILE`` or ``SUBNET=ORIGIN=ZONEFILE``."""
    policy: Policy | None = None
    key_directory: Path | None = None
    faults: Sequence[str] = ()


Place = tuple[Network | None, bytes]
"""A zone's view, null for everybody's, and its apex."""


@dataclass(slots=True)
class Served:
    """What came of it."""

    zones: ZoneSet
    keys: dict[bytes, Sequence[ZoneKey]] = field(default_factory=dict)
    treatments: list[Treatment] = field(default_factory=list)
    places: dict[Place, Zone] = field(default_factory=dict)
    sources: dict[Place, Source] = field(default_factory=dict)
    """The zones as their files have them, before they were signed."""
    remarks: list[str] = field(default_factory=list)
    """What an operator should know of the zones that are new."""

    def anchors(self) -> list[str]:
        """DS and DNSKEY records of the signed zones, as text for parents and validators."""
        lines = []
        for apex, keys in self.keys.items():
            zone = to_text(apex)
            entry = [key for key in keys if key.role != "zsk"]
            lines += [f"{zone} IN DS {_ds_text(rdata)}" for rdata in ds_set(apex, keys, 0).rdatas]
            lines += [f"{zone} IN DNSKEY {_dnskey_text(key.dnskey)}" for key in entry]
        return lines


def prepare(
    wishes: Wishes, now_s: float, before: Served | None = None, *, resign: bool = False
) -> Served:
    """Load, break and sign the zones; ``now_s`` is Unix time.

    ``before`` is what was served until now: zones that did not change are kept with their
    signatures, and those that did get a journal of what changed. With ``resign`` all signed zones
    get new signatures.

    Raises:
        UsageError: a file, a subnet, an algorithm or a fault cannot be used.

    """
    chosen = [choose(text, now_s) for text in wishes.faults]
    loaded = [(None, _load(text)) for text in wishes.files]
    views = [_view(text) for text in wishes.views]
    places: dict[Place, Zone] = {(at, zone.apex): zone for at, zone in (*loaded, *views)}
    keys: dict[bytes, Sequence[ZoneKey]] = {}
    if wishes.policy is not None:
        keys = {zone.apex: _keys(zone, wishes.policy, wishes, before) for zone in places.values()}
        delegate(places.values(), keys)
    change(places.values(), chosen, before=True)
    served = Served(ZoneSet([]), keys, treatments(chosen), places)
    served.sources = {place: source_of(zone) for place, zone in places.items()}
    renewed = _renewed(served, before, resign=resign)
    fresh = [zone for place, zone in places.items() if place in renewed]
    served.remarks += [remark for zone in fresh for remark in zone.remarks]
    if wishes.policy is not None:
        kept = {} if before is None or resign or chosen else before.places
        for place in renewed:
            zone = places[place]
            sign_zone(zone, keys[zone.apex], wishes.policy, now_s, kept.get(place))
    change(fresh, chosen, before=False)
    if before is not None:
        for place in renewed & before.places.keys():
            old, new = before.places[place], served.places[place]
            if is_newer(new.serial, old.serial):
                new.journal = extended(old.journal, old.version(now_s), new.version(now_s))
    served.zones = _zone_set(served.places)
    return served


def _renewed(served: Served, before: Served | None, *, resign: bool) -> set[Place]:
    """The zones that are new or changed; those that did not are taken from ``before``."""
    renewed = set(served.places)
    for place in renewed & (before.places.keys() if before is not None else set()):
        old = before.places[place] if before is not None else served.places[place]
        signed = place[1] in served.keys
        same = before is not None and before.sources[place] == served.sources[place]
        if same and not (resign and signed):
            renewed.remove(place)
            served.places[place] = old
            continue
        remark = number_version(served.places[place], old.serial, signed=signed)
        served.remarks += [remark] if remark else []
    return renewed


def _zone_set(places: dict[Place, Zone]) -> ZoneSet:
    everybodys = [zone for (network, _), zone in places.items() if network is None]
    views = [(network, [zone]) for (network, _), zone in places.items() if network is not None]
    return ZoneSet(everybodys, views)


def _keys(zone: Zone, policy: Policy, wishes: Wishes, before: Served | None) -> Sequence[ZoneKey]:
    """The keys of the zone: views of a zone share them, and they outlive a reload."""
    if before is not None and zone.apex in before.keys:
        return before.keys[zone.apex]
    if wishes.key_directory is None:
        return make_keys(policy)
    return load_or_make(wishes.key_directory, zone.apex, policy)


def _load(text: str) -> Zone:
    origin, sign, path = text.partition("=")
    return load_zone(Path(path), origin) if sign else load_zone(Path(text))


def _view(text: str) -> tuple[Network, Zone]:
    subnet, sign, rest = text.partition("=")
    try:
        network = ip_network(subnet, strict=False)
    except ValueError as error:
        raise UsageError(f"--view {text!r}: {error}", "write SUBNET=ZONEFILE") from error
    if not sign:
        raise UsageError(f"--view {text!r} has no '='", "write SUBNET=ZONEFILE")
    return network, _load(rest)


def _ds_text(rdata: bytes) -> str:
    tag = int.from_bytes(rdata[:2], "big")
    return f"{tag} {rdata[2]} {rdata[3]} {rdata[4:].hex().upper()}"


def _dnskey_text(rdata: bytes) -> str:
    flags = int.from_bytes(rdata[:2], "big")
    return f"{flags} {rdata[2]} {rdata[3]} {base64.b64encode(rdata[4:]).decode()}"
