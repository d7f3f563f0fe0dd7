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
from firstbyte.server.dns.key_store import load_or_make
from firstbyte.server.dns.keys import ZoneKey
from firstbyte.server.dns.signing import Policy, delegate, ds_set, make_keys, sign_zone
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


@dataclass(slots=True)
class Served:
    """What came of it."""

    zones: ZoneSet
    keys: dict[bytes, Sequence[ZoneKey]] = field(default_factory=dict)
    treatments: list[Treatment] = field(default_factory=list)

    def anchors(self) -> list[str]:
        """DS and DNSKEY records of the signed zones, as text for parents and validators."""
        lines = []
        for apex, keys in self.keys.items():
            zone = to_text(apex)
            entry = [key for key in keys if key.role != "zsk"]
            lines += [f"{zone} IN DS {_ds_text(rdata)}" for rdata in ds_set(apex, keys, 0).rdatas]
            lines += [f"{zone} IN DNSKEY {_dnskey_text(key.dnskey)}" for key in entry]
        return lines


def prepare(wishes: Wishes, now_s: float) -> Served:
    """Load, break and sign the zones; ``now_s`` is Unix time.

    Raises:
        UsageError: a file, a subnet, an algorithm or a fault cannot be used.

    """
    chosen = [choose(text, now_s) for text in wishes.faults]
    zones = [_load(text) for text in wishes.files]
    views = [_view(text) for text in wishes.views]
    served = Served(ZoneSet(zones, views), treatments=treatments(chosen))
    every = served.zones.all()
    if wishes.policy is not None:
        served.keys = {zone.apex: _keys(zone, wishes.policy, wishes) for zone in _unique(every)}
        delegate(every, served.keys)
    change(every, chosen, before=True)
    if wishes.policy is not None:
        for zone in every:
            sign_zone(zone, served.keys[zone.apex], wishes.policy, now_s)
    change(every, chosen, before=False)
    return served


def _unique(zones: list[Zone]) -> list[Zone]:
    """One zone of each name: views of a zone share their keys."""
    return list({zone.apex: zone for zone in reversed(zones)}.values())[::-1]


def _keys(zone: Zone, policy: Policy, wishes: Wishes) -> Sequence[ZoneKey]:
    if wishes.key_directory is None:
        return make_keys(policy)
    return load_or_make(wishes.key_directory, zone.apex, policy)


def _load(text: str) -> Zone:
    origin, sign, path = text.partition("=")
    return load_zone(Path(path), origin) if sign else load_zone(Path(text))


def _view(text: str) -> tuple[Network, list[Zone]]:
    subnet, sign, rest = text.partition("=")
    try:
        network = ip_network(subnet, strict=False)
    except ValueError as error:
        raise UsageError(f"--view {text!r}: {error}", "write SUBNET=ZONEFILE") from error
    if not sign:
        raise UsageError(f"--view {text!r} has no '='", "write SUBNET=ZONEFILE")
    return network, [_load(rest)]


def _ds_text(rdata: bytes) -> str:
    tag = int.from_bytes(rdata[:2], "big")
    return f"{tag} {rdata[2]} {rdata[3]} {rdata[4:].hex().upper()}"


def _dnskey_text(rdata: bytes) -> str:
    flags = int.from_bytes(rdata[:2], "big")
    return f"{flags} {rdata[2]} {rdata[3]} {base64.b64encode(rdata[4:]).decode()}"
