"""What a host did, in the one vocabulary. The stack's notes become events only when asked for."""

from collections import deque
from collections.abc import Iterable, Iterator

from firstbyte.events import link
from firstbyte.events.base import Event
from firstbyte.protocols.ip.host_event import HostEvent
from firstbyte.protocols.ip.packet import Packet
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.sim.capture import Seen

DEFAULT_LIMIT = 200_000


class EventLog:
    """The notes of one host's stack, bounded; connections are named in order of appearance."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._noted: deque[HostEvent] = deque(maxlen=limit)
        self._names: dict[object, str] = {}

    def extend(self, events: Iterable[HostEvent]) -> None:
        """Keep what the stack told."""
        for event in events:
            if event.socket is not None and event.socket not in self._names:
                self._names[event.socket] = f"{_kind(event)}{len(self._names) + 1}"
            self._noted.append(event)

    def events(self, host: str) -> Iterator[Event]:
        """Everything noted, as events of ``host``."""
        for noted in self._noted:
            yield Event(
                at_ns=noted.at_ns,
                source="simulated",
                what=noted.what,
                host=host,
                connection=self._names.get(noted.socket),
                direction=noted.direction,
            )


def _kind(event: HostEvent) -> str:
    return "udp" if type(event.socket).__name__.startswith("Udp") else "tcp"


def datagram_events(host: str, seen: Iterable[Seen]) -> Iterator[Event]:
    """The UDP datagrams of a capture."""
    for one in seen:
        packet = one.packet
        if packet is None or packet.ip is None or not isinstance(packet.transport, Datagram):
            continue
        yield Event(
            at_ns=one.at_ns,
            source="simulated",
            what=_datagram(packet, packet.transport),
            host=host,
            direction="sent" if one.outgoing else "received",
        )


def _datagram(packet: Packet, datagram: Datagram) -> link.Datagram:
    source, target = (packet.ip.source, packet.ip.destination) if packet.ip else ("", "")
    return link.Datagram(
        source,
        datagram.source_port,
        target,
        datagram.destination_port,
        len(datagram.payload),
    )
