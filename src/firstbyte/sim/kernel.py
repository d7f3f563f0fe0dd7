"""A host's kernel: the pure stack, driven by the world's clock and joined to the host's ports."""

from hashlib import blake2s
from typing import TYPE_CHECKING

from firstbyte.protocols.ip import addresses
from firstbyte.protocols.ip.host import Host as Stack
from firstbyte.protocols.ip.host_event import HostEvent
from firstbyte.protocols.ip.notify import Notified
from firstbyte.protocols.ip.packet import Packet
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.ip.transmit import Outgoing
from firstbyte.sim.agenda import Entry
from firstbyte.sim.endpoints.unix_names import UnixNames
from firstbyte.sim.frames import Frame, Unit

if TYPE_CHECKING:
    from firstbyte.sim.endpoints.base import Endpoint
    from firstbyte.sim.hosts import Host
    from firstbyte.sim.links import Port

OWN = "host"
"""An interface with no link, for addresses that belong to the host as a whole."""

EXACT = {4: 32, 6: 128}


class Kernel:
    """Boots with the host; ``powered`` is false once it has crashed."""

    def __init__(self, host: "Host", settings: HostSettings) -> None:
        self.host = host
        self.powered = True
        self.endpoints: dict[Endpoint, None] = {}
        """Open sockets, in the order in which they were made."""
        self.unix_names = UnixNames()
        self.events: list[HostEvent] = []
        self._internet = host.internet
        self._clock = host.internet.clock
        self._owners: dict[Notified, Endpoint] = {}
        self._ports: dict[str, Port] = {}
        self._alarm: Entry | None = None
        self._automatic: list[tuple[str, str]] = []
        secret = blake2s(f"{host.internet.seed} {host.name}".encode()).digest()
        self.stack = Stack(host.name, secret=secret, settings=settings)
        self.stack.tracing = host.internet.observes
        self.stack.add_interface(OWN)

    @property
    def now_ns(self) -> int:
        """The host's monotonic clock."""
        return self._clock.now_ns

    # --- interfaces and routes ------------------------------------------------------------------

    def add_interface(self, port: "Port") -> None:
        """Join ``port`` to the stack."""
        self._ports[port.name] = port
        self.stack.add_interface(port.name, mac=port.mac, mtu=port.mtu)

    def add_address(self, address: str, prefix: int | None, interface: str | None) -> None:
        """Give an interface (or the host as a whole) an address."""
        length = EXACT[addresses.version(address)] if prefix is None else prefix
        self.stack.add_address(interface or OWN, address, length)

    def set_automatic_routes(self, routes: "list[tuple[str, Port]]") -> None:
        """Replace the routes that were found automatically."""
        for network, interface in self._automatic:
            self.stack.remove_route(network, interface)
        self._automatic = [(network, port.name) for network, port in routes]
        for network, interface in self._automatic:
            self.stack.add_route(network, interface, metric=1024)

    def owns(self, address: str) -> bool:
        """Whether packets to ``address`` end here."""
        return self.stack.transmitter.is_local(address)

    # --- sockets --------------------------------------------------------------------------------

    def own(self, stack_socket: Notified, endpoint: "Endpoint") -> None:
        """News of ``stack_socket`` is for ``endpoint``."""
        self._owners[stack_socket] = endpoint

    def disown(self, stack_socket: Notified) -> None:
        """Nobody wants its news any more."""
        self._owners.pop(stack_socket, None)

    # --- packets and time -----------------------------------------------------------------------

    def receive(self, port: "Port", unit: Unit) -> None:
        """A packet or frame came in through ``port``."""
        if isinstance(unit, Packet):
            self.stack.receive(port.name, unit, self._clock.now_ns)
        elif _is_for(unit.destination, port.mac):
            self.stack.receive(port.name, unit.payload, self._clock.now_ns)
        else:
            return
        self.poll()

    def poll(self) -> None:
        """Send what is to leave, tell who has news, and be back at the deadline."""
        polled = self.stack.poll(self._clock.now_ns)
        for out in polled.outgoing:
            self._transmit(out)
        if polled.events:
            self._note(polled.events)
        owners = self._owners
        for stack_socket, bits in polled.news:
            endpoint = owners.get(stack_socket)
            if endpoint is not None:
                endpoint.notified(bits)
        alarm, deadline_ns = self._alarm, polled.deadline_ns
        # An alarm that rings too early costs less than moving it at every packet.
        if deadline_ns is not None and (alarm is None or alarm.at_ns > deadline_ns):
            self._set_alarm(deadline_ns)

    def _transmit(self, out: Outgoing) -> None:
        port = self._ports.get(out.interface)
        if port is None or not self.powered:
            return
        packet, mac = out.packet, out.destination
        if mac is None:
            # Without MACs there is nothing to resolve either, so it is no ARP.
            if isinstance(packet, Packet):
                self.host.send(port, packet)
        elif port.mac is not None:
            self.host.send(port, Frame(mac, port.mac, packet))

    def _note(self, events: list[HostEvent]) -> None:
        if self._internet.observes:
            self.host.event_log.extend(events)

    def _set_alarm(self, deadline_ns: int) -> None:
        agenda = self._internet.agenda
        if self._alarm is not None:
            agenda.cancel(self._alarm)
        self._alarm = agenda.add(deadline_ns, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        if self.powered:
            self.poll()

    # --- the end --------------------------------------------------------------------------------

    def lose_power(self) -> None:
        """Everything stops at once; every socket is dead."""
        self.powered = False
        if self._alarm is not None:
            self._internet.agenda.cancel(self._alarm)
            self._alarm = None
        for endpoint in list(self.endpoints):
            endpoint.refresh()

    def forget_sockets(self) -> None:
        """Free the descriptors; nothing is sent, nobody is told."""
        for endpoint in list(self.endpoints):
            for sock in endpoint.sockets:
                sock.forget()

    def close_sockets(self) -> None:
        """Close every socket that a program left open."""
        for endpoint in list(self.endpoints):
            for sock in list(endpoint.sockets):
                sock.shut()


def _is_for(destination: bytes, mac: bytes | None) -> bool:
    """Ours, or to a group (the lowest bit of the first byte)."""
    return destination == mac or bool(destination[0] & 1)
