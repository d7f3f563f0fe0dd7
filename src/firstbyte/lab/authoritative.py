"""The worlds' authoritative name servers: signed, and broken where faults say so."""

import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from firstbyte.lab.activation import Activation, bound_pairs
from firstbyte.lab.naming import PORT, Server
from firstbyte.lab.zone_keys import ZoneKeys
from firstbyte.net import system
from firstbyte.server.dns.zone import Zone

if TYPE_CHECKING:
    from firstbyte.server.dns.delivery import Treatment


class Served(Struct, eq=False):
    """The zones of one server."""

    address: Server
    zones: Sequence[Zone]
    keys: ZoneKeys
    faults: list[str] = []
    """As ``firstbyte dns authoritative --fault`` writes them."""

    async def start(self) -> Activation:
        """Begin to answer on the host that runs this. Faults may be added until then."""
        now_s = system.current().wall_time_s()

        async def serve(sockets: Sequence[socket.socket]) -> None:
            await self._serve(sockets, now_s)

        return Activation(bound_pairs(self.address.addresses, PORT), serve)

    async def _serve(self, sockets: Sequence[socket.socket], now_s: float) -> None:
        """Sign, break, and answer by these sockets: UDP's and TCP's in turn."""
        from firstbyte.server.dns.serving import NameServer
        from firstbyte.server.dns.zone_set import ZoneSet

        treatments = self._sign(now_s)
        zones = ZoneSet(self.zones)
        for udp, tcp in zip(sockets[::2], sockets[1::2], strict=True):
            await NameServer(zones, treatments=treatments).serve_on(udp, tcp)

    def _sign(self, now_s: float) -> "list[Treatment]":
        if not self.faults:
            self.keys.sign(self.zones, now_s)
            return []
        from firstbyte.server.dns.faults import registry

        chosen = [registry.choose(text, now_s) for text in self.faults]
        registry.change(self.zones, chosen, before=True)
        self.keys.sign(self.zones, now_s)
        registry.change([zone for zone in self.zones if zone.signer], chosen, before=False)
        return registry.treatments(chosen)
