"""The keys of a world's zones, from its seed, and the signing of them: lazily, the same each time.

A server signs its zones when it is first asked, as faults have left them until then; a set gets its
signatures when it is first asked for itself.
"""

from collections.abc import Iterable, Sequence

from firstbyte.protocols.dns.names import from_text, to_text
from firstbyte.server.dns.keys import Role, ZoneKey, derive
from firstbyte.server.dns.signing import Policy, delegate, sign_zone
from firstbyte.server.dns.zone import Zone

ROOT = b"\0"
SPLIT = Policy("ecdsap256sha256", split=True, online=True)
SINGLE = Policy("ed25519", online=True)


class ZoneKeys:
    """Every zone is signed but those in ``unsigned``.

    The root and what is directly below it have two keys, ECDSA P-256; the others have one, Ed25519.
    """

    def __init__(self, seed: int, unsigned: Iterable[str] = ()) -> None:
        self._seed = seed
        self._unsigned = {from_text(name) for name in unsigned}
        self._made: dict[bytes, list[ZoneKey]] = {}

    def is_signed(self, apex: bytes) -> bool:
        """Whether the zone has keys."""
        return apex not in self._unsigned

    def anchors(self) -> tuple[str, ...]:
        """The root's key-signing key as a DS record."""
        if not self.is_signed(ROOT):
            return ()
        data = self._keys(ROOT)[0].ds(ROOT)
        tag = int.from_bytes(data[:2], "big")
        return (f". IN DS {tag} {data[2]} {data[3]} {data[4:].hex().upper()}",)

    def sign(self, zones: Iterable[Zone], now_s: float) -> None:
        """Give them their DNSKEY sets, the DS sets of their children, and their denials.

        ``now_s``: Unix time; signatures hold around it.
        """
        every = list(zones)
        children = {cut for zone in every for cut in zone.cuts if self.is_signed(cut)}
        signed = [zone for zone in every if self.is_signed(zone.apex)]
        delegate(signed, {cut: self._keys(cut) for cut in children})
        for zone in signed:
            sign_zone(zone, self._keys(zone.apex), _policy(zone.apex), now_s)

    def _keys(self, apex: bytes) -> Sequence[ZoneKey]:
        if apex not in self._made:
            policy = _policy(apex)
            roles: tuple[Role, ...] = ("ksk", "zsk") if policy.split else ("csk",)
            self._made[apex] = [
                derive(f"{self._seed} {to_text(apex)} {role}".encode(), policy.algorithm, role)
                for role in roles
            ]
        return self._made[apex]


def _policy(apex: bytes) -> Policy:
    is_high = apex == ROOT or apex[1 + apex[0] :] == ROOT
    return SPLIT if is_high else SINGLE
