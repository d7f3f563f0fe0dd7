"""A router that advertises itself and its prefixes on a link (RFC 4861, section 6.2)."""

from collections.abc import Callable
from hashlib import blake2s

from msgspec.structs import replace

from firstbyte.errors import UsageError
from firstbyte.protocols.dhcp.chance import Chance
from firstbyte.protocols.ip.addresses import ALL_NODES, multicast_mac
from firstbyte.protocols.ip.autoconf import LINK_LOCAL, formed
from firstbyte.protocols.ip.ipv6 import Ipv6
from firstbyte.protocols.ip.packet import ICMPV6, Packet
from firstbyte.protocols.ip.router_discovery import (
    RouterAdvertisement,
    decode_router_solicitation,
    encode_router_advertisement,
)
from firstbyte.protocols.problem import Problems
from firstbyte.sim.autoconf import HOP_LIMIT, neighbor_message
from firstbyte.sim.clock import to_ns
from firstbyte.sim.frames import Frame, Unit
from firstbyte.sim.hosts import Host
from firstbyte.sim.links import Port

MAX_INTERVAL_S, MIN_INTERVAL_S = 600.0, 200.0
INITIAL_INTERVAL_S, INITIAL_COUNT = 16.0, 3
MAX_ANSWER_DELAY_S = 0.5
"""RFC 4861, sections 6.2.1 and 10."""


class RouterAdvertiser:
    """Installed on ``router``: advertises through ``port``, from now on and when it is asked.

    The router gets a link-local address there. Raises :class:`~firstbyte.errors.UsageError` when
    the link is not Ethernet.
    """

    def __init__(self, router: Host, port: Port, advertisement: RouterAdvertisement) -> None:
        if port.mac is None:
            raise UsageError(
                f"{router.name} {port.name} is not Ethernet", "link it to a switch or to who asks"
            )
        self.router = router
        self.advertisement = replace(advertisement, source_mac=port.mac)
        self.address = formed(LINK_LOCAL, port.mac)
        self._port = port
        self._mac = port.mac
        self._sent = 0
        secret = blake2s(f"advertise {router.internet.seed} {router.name}".encode()).digest()
        self._chance = Chance(secret)
        router.add_address(f"{self.address}/64", port.name)
        router.incoming.append(self._hear)
        self._after(0, self._advertise_again, background=True)

    def _after(self, seconds: float, action: Callable[[], None], *, background: bool) -> None:
        internet = self.router.internet
        internet.agenda.add(internet.clock.now_ns + to_ns(seconds), action, background=background)

    def _advertise_again(self) -> None:
        """At intervals, for as long as the world lives."""
        self._send()
        self._sent += 1
        spread_s = (MAX_INTERVAL_S - MIN_INTERVAL_S) * self._chance.fraction()
        wait_s = MIN_INTERVAL_S + spread_s
        if self._sent < INITIAL_COUNT:
            wait_s = min(wait_s, INITIAL_INTERVAL_S)
        self._after(wait_s, self._advertise_again, background=True)

    def _hear(self, port: Port, unit: Unit) -> Unit | None:
        found = neighbor_message(unit) if port is self._port else None
        if found is not None and decode_router_solicitation(found[0], Problems()) is not None:
            self._after(self._chance.fraction() * MAX_ANSWER_DELAY_S, self._send, background=False)
        return unit

    def _send(self) -> None:
        if self.router.up:
            message = encode_router_advertisement(self.advertisement)
            packet = Packet(Ipv6(self.address, ALL_NODES, ICMPV6, HOP_LIMIT), message)
            self.router.send(self._port, Frame(multicast_mac(ALL_NODES), self._mac, packet))
