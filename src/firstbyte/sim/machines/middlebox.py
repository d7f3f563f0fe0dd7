"""A box on the way that meddles with TCP: cuts connections by their content, strips options."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from firstbyte.errors import UsageError
from firstbyte.protocols.ip.packet import Packet
from firstbyte.protocols.tcp.segment import ACK, RST, SYN, Segment
from firstbyte.sim.frames import Unit, packet_of
from firstbyte.sim.hosts import Host
from firstbyte.sim.links import Port
from firstbyte.sim.machines.firewall import reset_for
from firstbyte.sim.machines.flows import note_drop, with_packet

WITHOUT: dict[str, dict[str, Any]] = {
    "mss": {"mss": None},
    "window_scale": {"window_scale": None},
    "sack": {"sack_permitted": False, "sack_blocks": ()},
    "timestamps": {"timestamp": None},
    "fast_open": {"fast_open_cookie": None},
    "unknown": {"other": ()},
}
"""What can be stripped, and what is left in its place."""


class Middlebox:
    """Installed on ``router``.

    ``resets_on``: a segment whose content holds one of these is swallowed, and both ends get a
    RST, each as if from the other. ``strips``: options ("mss", "window_scale", "sack",
    "timestamps", "fast_open", "unknown") taken out of every SYN.

    Raises:
        UsageError: there is no such option.

    """

    def __init__(
        self, router: Host, *, resets_on: Iterable[bytes] = (), strips: Iterable[str] = ()
    ) -> None:
        self.router = router
        self._needles = tuple(resets_on)
        self._changes: dict[str, Any] = {}
        for name in strips:
            if name not in WITHOUT:
                raise UsageError(
                    f"no TCP option {name!r} to strip", f"options: {', '.join(WITHOUT)}"
                )
            self._changes |= WITHOUT[name]
        router.incoming.append(self._meddle)

    def _meddle(self, port: Port, unit: Unit) -> Unit | None:
        packet = packet_of(unit)
        if packet is None or not isinstance(packet.transport, Segment):
            return unit
        segment = packet.transport
        if self._changes and segment.flags & SYN:
            options = replace(segment.options, **self._changes)
            return with_packet(unit, Packet(packet.ip, replace(segment, options=options)))
        if any(needle in segment.payload for needle in self._needles):
            self._cut(port, unit, packet, segment)
            return None
        return unit

    def _cut(self, port: Port, unit: Unit, packet: Packet, segment: Segment) -> None:
        note_drop(self.router, unit, "middlebox_reset")
        answer = reset_for(packet)
        if answer is not None:
            port.send(with_packet(unit, answer))
        onward = Packet(packet.ip, replace(segment, payload=b"", flags=RST | ACK))
        kernel = self.router.kernel
        kernel.stack.receive(port.name, onward, kernel.now_ns)
        kernel.poll()
