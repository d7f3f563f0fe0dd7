"""Network address and port translation (RFC 3022), as home routers do it (RFC 4787, 5382, 5508).

Mappings do not depend on the other end (RFC 4787, REQ-1) and keep the inside port where it is
free; only packets from inside keep them alive (REQ-6).
"""

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.protocols.checksum import checksum
from firstbyte.protocols.ip.addresses import pack
from firstbyte.protocols.ip.fragments import Reassembler, fragment
from firstbyte.protocols.ip.icmpv4 import Icmpv4
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.packet import Packet, decode_quoted
from firstbyte.protocols.tcp.segment import ACK, FIN, RST, SYN, Segment
from firstbyte.sim.clock import NS_PER_S
from firstbyte.sim.frames import Unit, packet_of
from firstbyte.sim.hosts import Host
from firstbyte.sim.links import Port
from firstbyte.sim.machines.flows import (
    Endpoint,
    Flow,
    flow_of,
    note_drop,
    readdressed,
    with_packet,
)

FIRST_PORT, LAST_PORT = 1024, 65535
FOREVER_NS = 1 << 62


class NatTimes(Struct, frozen=True):
    """How long mappings live without a packet from inside, in seconds."""

    udp_s: float = 300.0
    tcp_s: float = 7440.0
    """Established connections (RFC 5382, REQ-5)."""
    tcp_transitory_s: float = 240.0
    """Before the handshake is over and after FIN or RST."""
    icmp_s: float = 60.0


USUAL_TIMES = NatTimes()


class Mapping(Struct):
    """An inside endpoint, and the port that stands for it outside."""

    protocol: str
    inside: Endpoint
    port: int
    expires_ns: int
    established: bool = False
    fixed: bool = False
    """Forwarded by configuration: never expires."""


class Nat:
    """Installed on ``router``: what leaves through ``outside`` comes from ``address``.

    ``drops_unknown``: packets to ports without a mapping vanish, as at most homes; otherwise the
    router's own kernel answers them.
    """

    def __init__(
        self,
        router: Host,
        outside: Port,
        address: str,
        *,
        times: NatTimes = USUAL_TIMES,
        drops_unknown: bool = True,
    ) -> None:
        self.router = router
        self.address = address
        self._outside = outside
        self._times = times
        self._drops_unknown = drops_unknown
        self._by_inside: dict[tuple[str, Endpoint], Mapping] = {}
        self._by_port: dict[tuple[str, int], Mapping] = {}
        self._reassembler = Reassembler(router.settings)
        router.outgoing.append(self._leave)
        router.incoming.append(self._come)

    def forward(self, protocol: str, port: int, inside: Endpoint) -> None:
        """Send what comes to ``port`` from outside to ``inside`` ("tcp", "udp").

        Raises ``ValueError`` if the port is taken.
        """
        if (protocol, port) in self._by_port:
            raise ValueError(f"{protocol} port {port} is mapped already")
        self._keep(Mapping(protocol, inside, port, FOREVER_NS, fixed=True))

    def mappings(self) -> list[Mapping]:
        """Those that are alive now."""
        now_ns = self._now_ns
        return [mapping for mapping in self._by_port.values() if mapping.expires_ns > now_ns]

    @property
    def _now_ns(self) -> int:
        return self.router.internet.clock.now_ns

    def _keep(self, mapping: Mapping) -> None:
        self._by_inside[mapping.protocol, mapping.inside] = mapping
        self._by_port[mapping.protocol, mapping.port] = mapping

    def _forget(self, mapping: Mapping) -> None:
        self._by_inside.pop((mapping.protocol, mapping.inside), None)
        self._by_port.pop((mapping.protocol, mapping.port), None)

    # From inside.

    def _leave(self, port: Port, unit: Unit) -> Unit | None:
        packet = packet_of(unit)
        if port is not self._outside or packet is None or packet.ip is None:
            return unit
        if packet.ip.version != 4:
            return unit
        if isinstance(packet.transport, Icmpv4) and packet.transport.is_error:
            return self._leave_error(unit, packet, packet.transport)
        if packet.ip.source in self.router.addresses:
            return unit
        if packet.ip.is_fragment:
            self._leave_in_pieces(port, unit, packet)
            return None
        flow = flow_of(packet)
        mapping = None if flow is None else self._map(flow)
        if mapping is None:
            note_drop(self.router, unit, "nat_untranslatable" if flow is None else "nat_full")
            return None
        self._refresh(mapping, packet)
        return with_packet(unit, readdressed(packet, source=(self.address, mapping.port)))

    def _leave_in_pieces(self, port: Port, unit: Unit, packet: Packet) -> None:
        """Only a whole datagram has ports: put it together, and cut it again (RFC 4787, REQ-14)."""
        whole = self._whole(packet)
        translated = None if whole is None else self._leave(port, whole)
        if isinstance(translated, Packet) and isinstance(packet.ip, Ipv4):
            for piece in fragment(translated, port.mtu, packet.ip.identification):
                port.send(with_packet(unit, piece))

    def _whole(self, packet: Packet) -> Packet | None:
        self._reassembler.expire(self._now_ns)
        whole = self._reassembler.add(packet, self._now_ns)
        for lost, reason in self._reassembler.take_drops():
            note_drop(self.router, lost, reason)
        return whole

    def _map(self, flow: Flow) -> Mapping | None:
        """The mapping of the flow's source, made now if need be; None when no port is free."""
        found = self._by_inside.get((flow.protocol, flow.source))
        if found is not None:
            if found.expires_ns > self._now_ns:
                return found
            self._forget(found)
        port = self._free_port(flow)
        if port is None:
            return None
        mapping = Mapping(flow.protocol, flow.source, port, 0)
        self._keep(mapping)
        return mapping

    def _free_port(self, flow: Flow) -> int | None:
        if self._is_free(flow.protocol, flow.source[1]):
            return flow.source[1]
        ports = range(FIRST_PORT, LAST_PORT + 1)
        return next((port for port in ports if self._is_free(flow.protocol, port)), None)

    def _is_free(self, protocol: str, port: int) -> bool:
        found = self._by_port.get((protocol, port))
        if found is not None and found.expires_ns <= self._now_ns:
            self._forget(found)
            return True
        return found is None

    def _refresh(self, mapping: Mapping, packet: Packet) -> None:
        if mapping.fixed:
            return
        times = self._times
        lives_s = times.icmp_s if mapping.protocol == "icmp" else times.udp_s
        segment = packet.transport
        if isinstance(segment, Segment):
            if segment.flags & (FIN | RST):
                mapping.established = False
            elif not segment.flags & SYN and segment.flags & ACK:
                mapping.established = True
            lives_s = times.tcp_s if mapping.established else times.tcp_transitory_s
        mapping.expires_ns = self._now_ns + round(lives_s * NS_PER_S)

    # From outside.

    def _come(self, port: Port, unit: Unit) -> Unit | None:
        packet = packet_of(unit)
        if packet is None or packet.ip is None or packet.ip.destination != self.address:
            return unit
        if packet.ip.is_fragment:
            whole = self._whole(packet)
            return None if whole is None else self._come(port, with_packet(unit, whole))
        if port is not self._outside:
            return self._turn(unit, packet)
        if isinstance(packet.transport, Icmpv4) and packet.transport.is_error:
            return self._come_error(unit, packet, packet.transport)
        flow = flow_of(packet)
        mapping = None if flow is None else self._alive(flow.protocol, flow.target[1])
        if mapping is not None:
            return with_packet(unit, readdressed(packet, target=mapping.inside))
        if not self._drops_unknown:
            return unit
        note_drop(self.router, unit, "nat_no_mapping")
        return None

    # From inside to our outside address, and so inside again: hairpinning (RFC 4787, REQ-9).

    def _turn(self, unit: Unit, packet: Packet) -> Unit:
        """As if it had gone out and come back; what has no mapping is for the router itself."""
        if isinstance(packet.transport, Icmpv4) and packet.transport.is_error:
            return self._turn_error(unit, packet, packet.transport)
        flow = flow_of(packet)
        target = None if flow is None else self._alive(flow.protocol, flow.target[1])
        source = None if flow is None or target is None else self._map(flow)
        if target is None or source is None:
            return unit
        self._refresh(source, packet)
        outside = (self.address, source.port)
        return with_packet(unit, readdressed(packet, source=outside, target=target.inside))

    def _turn_error(self, unit: Unit, packet: Packet, error: Icmpv4) -> Unit:
        """About a packet that was turned: both its ends are inside (RFC 5508, REQ-6)."""
        flow = flow_of(decode_quoted(error.body))
        sender = None if flow is None else self._alive(flow.protocol, flow.source[1])
        target = None if flow is None else self._by_inside.get((flow.protocol, flow.target))
        if sender is None or target is None or packet.ip is None:
            return unit
        body = _requoted(error.body, sender.inside, at=(12, 0))
        body = _requoted(body, (self.address, target.port), at=(16, 2))
        header = replace(packet.ip, source=self.address, destination=sender.inside[0])
        return with_packet(unit, Packet(header, replace(error, body=body)))

    def _alive(self, protocol: str, port: int) -> Mapping | None:
        found = self._by_port.get((protocol, port))
        return found if found is not None and found.expires_ns > self._now_ns else None

    # Errors, with the packet that they quote (RFC 5508, REQ-4 and 5).

    def _come_error(self, unit: Unit, packet: Packet, error: Icmpv4) -> Unit | None:
        """About a packet that we sent out: its source was inside."""
        flow = flow_of(decode_quoted(error.body))
        mapping = None if flow is None else self._alive(flow.protocol, flow.source[1])
        if mapping is None or packet.ip is None:
            return unit
        body = _requoted(error.body, mapping.inside, at=(12, 0))
        header = replace(packet.ip, destination=mapping.inside[0])
        return with_packet(unit, Packet(header, replace(error, body=body)))

    def _leave_error(self, unit: Unit, packet: Packet, error: Icmpv4) -> Unit | None:
        """About a packet that we let in: its target was inside."""
        flow = flow_of(decode_quoted(error.body))
        mapping = None if flow is None else self._by_inside.get((flow.protocol, flow.target))
        if mapping is None or packet.ip is None:
            if packet.ip is not None and packet.ip.source in self.router.addresses:
                # About a packet that was for the router itself.
                return unit
            note_drop(self.router, unit, "nat_untranslatable")
            return None
        body = _requoted(error.body, (self.address, mapping.port), at=(16, 2))
        header = replace(packet.ip, source=self.address)
        return with_packet(unit, Packet(header, replace(error, body=body)))


def _requoted(quoted: bytes, endpoint: Endpoint, at: tuple[int, int]) -> bytes:
    """A quotation with another endpoint; ``at``: offsets of address and port in their headers."""
    data = bytearray(quoted)
    size = (data[0] & 15) * 4
    data[at[0] : at[0] + 4] = pack(endpoint[0])
    # An echo's number stands where the second word of the ICMP header begins.
    place = size + (4 if data[9] == 1 else at[1])
    data[place : place + 2] = endpoint[1].to_bytes(2, "big")
    data[10:12] = bytes(2)
    data[10:12] = checksum(bytes(data[:size])).to_bytes(2, "big")
    return bytes(data)
