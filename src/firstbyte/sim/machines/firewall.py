"""A firewall: rules in order, the first that fits decides; and a memory of flows, if stateful."""

from ipaddress import ip_address, ip_network
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.protocols.ip import icmp_errors
from firstbyte.protocols.ip.packet import Packet
from firstbyte.protocols.tcp.segment import ACK, RST, SYN, Segment
from firstbyte.sim.clock import NS_PER_S
from firstbyte.sim.frames import Frame, Unit, packet_of
from firstbyte.sim.hosts import Host
from firstbyte.sim.links import Port
from firstbyte.sim.machines.flows import Flow, flow_of, note_drop

Action = Literal["accept", "drop", "reject", "reset"]
"""``reject`` answers with ICMP "administratively prohibited"; ``reset`` answers TCP with RST, and
all else as ``reject`` does."""


class Policy(Struct, frozen=True):
    """One rule; what is None fits everything. Networks are text ("10.0.0.0/8")."""

    action: Action
    protocol: str | None = None
    source: str | None = None
    target: str | None = None
    port: int | None = None
    """The target's port."""

    def fits(self, flow: Flow) -> bool:
        """Whether the rule is about this flow."""
        return (
            (self.protocol is None or self.protocol == flow.protocol)
            and (self.port is None or self.port == flow.target[1])
            and _inside(flow.source[0], self.source)
            and _inside(flow.target[0], self.target)
        )


class Firewall:
    """Installed on ``router``: judges every packet that comes in.

    Stateful, it lets through what belongs to a flow that was accepted, until the flow was idle
    for ``idle_s``; a TCP segment of no flow is then dropped, unless it is a SYN.
    """

    def __init__(
        self,
        router: Host,
        policies: list[Policy],
        *,
        default: Action = "accept",
        stateful: bool = False,
        idle_s: float = 3600.0,
    ) -> None:
        self.router = router
        self.policies = policies
        self.default = default
        self._stateful = stateful
        self._idle_ns = round(idle_s * NS_PER_S)
        self._flows: dict[object, int] = {}
        router.incoming.append(self._judge)

    def _judge(self, port: Port, unit: Unit) -> Unit | None:
        packet = packet_of(unit)
        flow = None if packet is None else flow_of(packet)
        # ARP, ICMP errors and fragments belong to what was accepted.
        if packet is None or flow is None or self._is_known(flow):
            return unit
        action = self._action(packet, flow)
        if action == "accept":
            return unit
        note_drop(self.router, unit, f"firewall_{action}")
        self._answer(port, unit, packet, action)
        return None

    def _is_known(self, flow: Flow) -> bool:
        if not self._stateful:
            return False
        now_ns = self.router.internet.clock.now_ns
        seen_ns = self._flows.get(flow.key)
        if seen_ns is None or seen_ns + self._idle_ns <= now_ns:
            self._flows.pop(flow.key, None)
            return False
        self._flows[flow.key] = now_ns
        return True

    def _action(self, packet: Packet, flow: Flow) -> Action:
        segment = packet.transport
        opens = not isinstance(segment, Segment) or segment.flags & (SYN | ACK) == SYN
        if self._stateful and not opens:
            return "drop"
        action = next((one.action for one in self.policies if one.fits(flow)), self.default)
        if self._stateful and action == "accept":
            self._flows[flow.key] = self.router.internet.clock.now_ns
        return action

    def _answer(self, port: Port, unit: Unit, packet: Packet, action: Action) -> None:
        if action == "drop":
            return
        if action == "reset" and isinstance(packet.transport, Segment):
            answer = reset_for(packet)
            if answer is not None:
                port.send(_back(unit, answer))
            return
        kernel = self.router.kernel
        error = icmp_errors.prohibited(packet)
        kernel.stack.icmp.answer(packet, error, kernel.now_ns)
        kernel.poll()


def reset_for(packet: Packet) -> Packet | None:
    """The RST that answers a segment (RFC 9293, 3.10.7.1); None if that is one itself."""
    header, segment = packet.ip, packet.transport
    if header is None or not isinstance(segment, Segment) or segment.flags & RST:
        return None
    acknowledges = bool(segment.flags & ACK)
    answer = Segment(
        source_port=segment.destination_port,
        destination_port=segment.source_port,
        seq=segment.ack if acknowledges else 0,
        ack=0 if acknowledges else (segment.seq + segment.length) & 0xFFFFFFFF,
        flags=RST if acknowledges else RST | ACK,
        window=0,
    )
    swapped = replace(header, source=header.destination, destination=header.source, ttl=64)
    return Packet(swapped, answer)


def _back(unit: Unit, answer: Packet) -> Unit:
    return answer if isinstance(unit, Packet) else Frame(unit.source, unit.destination, answer)


def _inside(address: str, network: str | None) -> bool:
    if network is None:
        return True
    ip = ip_address(address)
    net = ip_network(network, strict=False)
    return ip.version == net.version and ip in net
