"""A DHCP server on a host, usually a router: it serves the link on which its address is."""

from firstbyte.protocols.dhcp.message import SERVER_PORT
from firstbyte.protocols.dhcp.pool import Binding
from firstbyte.protocols.dhcp.server import Reply, Server, ServerSettings
from firstbyte.protocols.ip.addresses import BROADCAST
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.packet import UDP, Packet
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.sim.dhcp.wire import (
    TTL,
    broadcast_packet,
    heard,
    note_message,
    send_by_kernel,
    send_frame,
)
from firstbyte.sim.frames import Frame, Unit
from firstbyte.sim.hosts import Host
from firstbyte.sim.links import Port


class DhcpServer:
    """Installed on ``host``, which needs the address of ``settings`` on an interface.

    It remembers its clients through crashes, as on a disk. Raises
    :class:`~firstbyte.errors.UsageError` for settings that contradict each other.
    """

    def __init__(self, host: Host, settings: ServerSettings) -> None:
        self.host = host
        self.settings = settings
        self._server = Server(settings)
        # Before every other filter: a packet socket hears what a firewall drops.
        host.incoming.insert(0, self._hear)

    def leases(self) -> list[Binding]:
        """Those that last now."""
        return self._server.leases(self._now_ns)

    @property
    def _now_ns(self) -> int:
        return self.host.internet.clock.now_ns

    def _hear(self, port: Port, unit: Unit) -> Unit | None:
        if not isinstance(unit, Frame) or not self.host.up or not self._serves(port):
            return unit
        message = heard(unit.payload, SERVER_PORT)
        if message is None or not isinstance(unit.payload, Packet) or unit.payload.ip is None:
            return unit
        if unit.payload.ip.destination not in {BROADCAST, self.settings.own}:
            return unit
        note_message(self.host, message, "received")
        reply = self._server.receive(message, self._now_ns)
        if reply is not None:
            note_message(self.host, reply.message, "sent")
            self._send(port, reply)
        return None

    def _serves(self, port: Port) -> bool:
        interface = self.host.kernel.stack.interfaces[port.name]
        return any(held.address == self.settings.own for held in interface.addresses)

    def _send(self, port: Port, reply: Reply) -> None:
        datagram = Datagram(SERVER_PORT, reply.port, reply.data)
        if reply.destination == BROADCAST:
            send_frame(self.host, port, broadcast_packet(self.settings.own, datagram))
        elif reply.hardware is not None:
            # Nobody would answer an ARP request for this address yet (RFC 2131, section 4.1).
            header = Ipv4(self.settings.own, reply.destination, UDP, TTL)
            send_frame(self.host, port, Packet(header, datagram), reply.hardware)
        else:
            send_by_kernel(self.host, reply.destination, datagram)
