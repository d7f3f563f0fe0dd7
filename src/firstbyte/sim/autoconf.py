"""What configures an interface of a host by router advertisements (RFC 4862, RFC 8106).

Like DHCP's client it hears frames before the kernel, for the checks of addresses that the kernel
does not have yet. ``host.autoconf`` is one.
"""

import asyncio
from hashlib import blake2s
from typing import TYPE_CHECKING

from firstbyte.events.link import AddressGained, AddressLost
from firstbyte.protocols.dhcp.chance import Chance
from firstbyte.protocols.ip.addresses import multicast_mac
from firstbyte.protocols.ip.autoconf import Autoconf, Gained, Lost, Outgoing, RouterSeen
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.ipv6 import Ipv6
from firstbyte.protocols.ip.ndp import Solicitation, decode_neighbor
from firstbyte.protocols.ip.packet import ICMPV6, Packet
from firstbyte.protocols.ip.router_discovery import (
    RouterAdvertisement,
    decode_router_advertisement,
)
from firstbyte.protocols.ip.routing import Route
from firstbyte.protocols.problem import Problems
from firstbyte.protocols.tcp.timers import NEVER
from firstbyte.sim.agenda import Entry
from firstbyte.sim.frames import Frame, Unit

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host
    from firstbyte.sim.links import Port

INTERFACE = "eth0"
METRIC = 1024
"""Of routes by advertisements, as Linux's."""
DEFAULT_ROUTE = "::/0"
HOP_LIMIT = 255
"""Proves that a message comes from the link itself (RFC 4861, section 6.1)."""


def neighbor_message(unit: Unit) -> tuple[Icmpv6, Ipv6] | None:
    """A neighbour discovery message that comes from the link itself, with its header."""
    packet = unit.payload if isinstance(unit, Frame) else None
    if not isinstance(packet, Packet) or not isinstance(packet.ip, Ipv6):
        return None
    message = packet.transport
    if not isinstance(message, Icmpv6) or packet.ip.ttl != HOP_LIMIT or message.code:
        return None
    return (message, packet.ip) if packet.is_acceptable else None


class AutoconfClient:
    """It starts with the world, and again whenever the host boots."""

    def __init__(self, host: "Host") -> None:
        self.host = host
        self.addresses: list[str] = []
        """What it has configured, without the link-local address."""
        self._port: Port | None = None
        self._machine: Autoconf | None = None
        self._alarm: Entry | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self._routers: dict[str, Route] = {}
        secret = blake2s(f"autoconf {host.internet.seed} {host.name}".encode()).digest()
        self._chance = Chance(secret)
        host.incoming.append(self._hear)

    async def online(self) -> None:
        """Wait until there is an address."""
        while not self.addresses:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future

    # --- the host's life ------------------------------------------------------------------------

    def plug(self, port: "Port") -> None:
        """The interface was made: begin when the world does."""
        if port.name == INTERFACE:
            self._port = port
            self.host.internet.agenda.add(self._now_ns, self.boot)

    def boot(self) -> None:
        """Begin with the link-local address."""
        if self._port is not None and self._port.mac is not None:
            self._machine = Autoconf(self._port.mac, self._chance.fraction())
            self._machine.start(self._now_ns)
            self._settle()

    def power_off(self) -> None:
        """The host crashed: it remembers nothing."""
        self._machine = None
        self._set_alarm(NEVER, background=True)
        self._routers = {}
        for address in list(self.addresses):
            self._lose(Lost(address, "stop"))

    # --- packets and time -----------------------------------------------------------------------

    @property
    def _now_ns(self) -> int:
        return self.host.internet.clock.now_ns

    def _hear(self, port: "Port", unit: Unit) -> Unit | None:
        found = neighbor_message(unit) if port is self._port else None
        if found is not None and self._machine is not None:
            self._receive(self._machine, *found)
            self._settle()
        return unit

    def _receive(self, machine: Autoconf, message: Icmpv6, header: Ipv6) -> None:
        problems = Problems()
        advertisement = decode_router_advertisement(message, problems)
        if advertisement is not None:
            machine.advertised(advertisement, header.source, self._now_ns)
            return
        neighbor = decode_neighbor(message, problems)
        if isinstance(neighbor, Solicitation):
            machine.solicited(neighbor.target, header.source)
        elif neighbor is not None:
            machine.claimed(neighbor.target)

    def _ring(self) -> None:
        self._alarm = None
        if self._machine is not None:
            self._machine.poll(self._now_ns)
            self._settle()

    def _settle(self) -> None:
        machine = self._machine
        if machine is None:
            return
        outgoing, news = machine.take()
        for one in outgoing:
            self._send(one)
        for what in news:
            self._take(what)
        self._set_alarm(machine.deadline, background=machine.settled)

    def _send(self, one: Outgoing) -> None:
        port = self._port
        if port is not None and port.mac is not None and self.host.up:
            packet = Packet(Ipv6(one.source, one.destination, ICMPV6, HOP_LIMIT), one.message)
            self.host.send(port, Frame(multicast_mac(one.destination), port.mac, packet))

    def _set_alarm(self, deadline_ns: int, *, background: bool) -> None:
        agenda = self.host.internet.agenda
        if self._alarm is not None:
            agenda.cancel(self._alarm)
            self._alarm = None
        if deadline_ns != NEVER:
            self._alarm = agenda.add(deadline_ns, self._ring, background=background)

    # --- what changes on the host ---------------------------------------------------------------

    def _take(self, news: Gained | Lost | RouterSeen) -> None:
        if isinstance(news, Gained):
            self._gain(news)
        elif isinstance(news, Lost):
            self._lose(news)
        else:
            self._see_router(news)

    def _gain(self, news: Gained) -> None:
        host = self.host
        if news.router is None:
            # Only neighbours can use it: it is none of the addresses that the host is known by.
            host.kernel.add_address(news.address, news.length, INTERFACE)
        else:
            host.add_address(f"{news.address}/{news.length}", INTERFACE)
            self.addresses.append(news.address)
            host.rename()
        gained = AddressGained(INTERFACE, news.address, news.length, news.router, news.expires_ns)
        host.internet.note(host.name, gained)
        if self.addresses:
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    def _lose(self, news: Lost) -> None:
        host = self.host
        if news.address in self.addresses:
            self.addresses.remove(news.address)
            if news.address in host.addresses:
                host.remove_address(news.address)
            host.rename()
        host.internet.note(host.name, AddressLost(INTERFACE, news.address, news.cause))

    def _see_router(self, news: RouterSeen) -> None:
        stack = self.host.kernel.stack
        if news.lasts and news.address not in self._routers:
            route = stack.add_route(DEFAULT_ROUTE, INTERFACE, news.address, METRIC)
            self._routers[news.address] = route
        elif not news.lasts and news.address in self._routers:
            stack.discard_route(self._routers.pop(news.address))
        if news.advertisement is not None:
            self._configure(news.advertisement)

    def _configure(self, told: RouterAdvertisement) -> None:
        """Name servers, search list and MTU; what other sources gave stays."""
        host = self.host
        host.nameservers += [one for one in told.dns_servers if one not in host.nameservers]
        host.search += [one for one in told.search if one not in host.search]
        interface = host.kernel.stack.interfaces[INTERFACE]
        if told.mtu is not None and 1280 <= told.mtu < interface.mtu:
            interface.mtu = told.mtu
            host.kernel.stack.transmitter.changed()
