"""How far a zone is trusted, and what is remembered of it."""

from msgspec import Struct, field

from firstbyte.resolver.machine.values import Error, Security
from firstbyte.resolver.validator.keys import Key


class ZoneTrust(Struct, frozen=True):
    """The state of the zone that begins at ``zone``; its keys where it is secure.

    ``error`` says what breaks the chain, or why it ends without being broken.
    """

    zone: bytes
    security: Security
    keys: list[Key] = field(default_factory=list)
    error: Error | None = None
    expires_s: float = 0.0


class TrustStore:
    """Zones whose state is known, for a while."""

    MAX_ZONES = 20000

    def __init__(self) -> None:
        self._zones: dict[bytes, ZoneTrust] = {}

    def get(self, zone: bytes, now_s: float) -> ZoneTrust | None:
        """The state of exactly this zone."""
        trust = self._zones.get(zone)
        if trust is None or now_s >= trust.expires_s:
            return None
        return trust

    def put(self, trust: ZoneTrust) -> ZoneTrust:
        """Remember it, and give it back."""
        self._zones.pop(trust.zone, None)
        self._zones[trust.zone] = trust
        if len(self._zones) > self.MAX_ZONES:
            del self._zones[next(iter(self._zones))]
        return trust

    def forget(self, zone: bytes) -> None:
        """Drop what is thought of a zone."""
        self._zones.pop(zone, None)

    def clear(self) -> None:
        """Forget all."""
        self._zones.clear()
