"""What a host's interfaces saw, kept as objects; bytes are made when somebody asks for them."""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from firstbyte.net.system import CapturedPacket
from firstbyte.protocols.ip import Packet, encode
from firstbyte.protocols.ip.pcapng import ETHERNET, RAW_IP, PcapngWriter
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.tcp.segment import Segment
from firstbyte.sim.frames import Unit, encode_unit, packet_of

DEFAULT_LIMIT = 200_000
"""Packets kept for each host; the oldest go first."""


class Seen(Struct, frozen=True):
    """One packet at one interface of a host."""

    at_ns: int
    outgoing: bool
    interface: str
    unit: Unit
    """The packet, or on Ethernet the frame."""

    @property
    def packet(self) -> Packet | None:
        """The IP packet; None for ARP."""
        return packet_of(self.unit)


class PacketLog:
    """A host's own record, bounded."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._seen: deque[tuple[int, bool, str, Unit]] = deque(maxlen=limit)
        self._count = 0

    def tap(self, interface: str) -> Callable[[int, bool, Unit], None]:
        """A tap for one interface."""

        def note(at_ns: int, outgoing: bool, unit: Unit) -> None:
            self._count += 1
            self._seen.append((at_ns, outgoing, interface, unit))

        return note

    def __iter__(self) -> Iterator[Seen]:
        return (Seen(*entry) for entry in self._seen)

    @property
    def dropped(self) -> int:
        """Packets that were seen but are no longer kept."""
        return self._count - len(self._seen)


class Capture:
    """What ``host``'s interfaces have seen up to now: ``internet.capture(host)``.

    ``keylog`` is TLS key material in the NSS format, for ``pcapng``.
    """

    def __init__(self, host: str, log: PacketLog, keylog: str = "") -> None:
        self.host = host
        self.dropped = log.dropped
        self.seen = tuple(log)
        self.keylog = keylog

    def __len__(self) -> int:
        return len(self.seen)

    @property
    def packets(self) -> tuple[Packet, ...]:
        """The IP packets alone, sent and received, in order."""
        return tuple(seen.packet for seen in self.seen if seen.packet is not None)

    @property
    def retransmissions(self) -> int:
        """TCP segments, sent or received here, that repeated what was sent before."""
        return sum(
            isinstance(packet.transport, Segment) and packet.transport.retransmission
            for packet in self.packets
        )

    def raw(self) -> list[CapturedPacket]:
        """Time, direction and bytes of each packet."""
        return [
            CapturedPacket(seen.at_ns, seen.outgoing, encode_unit(seen.unit)) for seen in self.seen
        ]

    def pcapng(self, epoch_ns: int = 0) -> bytes:
        """A pcapng file: one interface each, with the key log if there is one.

        ``epoch_ns`` is added to the times, to make them dates.
        """
        writer = PcapngWriter(comment=f"host {self.host}")
        interfaces: dict[str, int] = {}
        if self.keylog:
            writer.add_secrets(self.keylog)
        for seen in self.seen:
            if seen.interface not in interfaces:
                kind = RAW_IP if isinstance(seen.unit, Packet) else ETHERNET
                interfaces[seen.interface] = writer.add_interface(seen.interface, kind, self.host)
            writer.add_packet(
                interfaces[seen.interface],
                epoch_ns + seen.at_ns,
                encode_unit(seen.unit),
                direction="sent" if seen.outgoing else "received",
            )
        return writer.take()

    def write(self, path: str | Path) -> None:
        """Save ``pcapng()`` at ``path``."""
        Path(path).write_bytes(self.pcapng())


class ConnectionTap:
    """``net.system.Tap``: packets between two endpoints, as bytes."""

    dropped = 0

    def __init__(
        self,
        kind: type[Segment] | type[Datagram],
        local: tuple[str, int],
        remote: tuple[str, int],
        remove: Callable[["ConnectionTap"], None],
    ) -> None:
        self._kind = kind
        self._local = local
        self._remote = remote
        self._remove = remove
        self._kept: list[CapturedPacket] = []

    def see(self, at_ns: int, outgoing: bool, unit: Unit) -> None:
        """One of the host's packets; kept if it is ours."""
        packet = packet_of(unit)
        if packet is None or packet.ip is None:
            return
        transport = packet.transport
        if not isinstance(transport, self._kind):
            return
        ends = (
            (packet.ip.source, transport.source_port),
            (packet.ip.destination, transport.destination_port),
        )
        near, far = ends if outgoing else ends[::-1]
        if far == self._remote and self._local[1] in {0, near[1]}:
            self._kept.append(CapturedPacket(at_ns, outgoing, encode(packet)))

    def packets(self) -> list[CapturedPacket]:
        """What came since the last call."""
        kept, self._kept = self._kept, []
        return kept

    def close(self) -> None:
        """Stop."""
        self._remove(self)
