"""Tells what an HTTP/3 machine saw as events, and keeps what the handshake said."""

from dataclasses import dataclass, field
from typing import Any

from firstbyte.errors import DecodeError
from firstbyte.events import Scope
from firstbyte.events.quic import Closed, Packet, RttSampled
from firstbyte.events.tls import Message
from firstbyte.net.merging import ReadMerger
from firstbyte.protocols.http.messages import MachineEvent
from firstbyte.protocols.quic.sights import (
    Connected,
    Ended,
    PacketSeen,
    RttEstimate,
    Sight,
    TlsMessageSeen,
)
from firstbyte.protocols.tls.messages import certificate_list, decode_handshake

SINGLE_PACKETS = 512
"""So many 1-RTT packets each way are told one by one; later ones are merged."""

_TLS13 = 0x0304


@dataclass(slots=True)
class HandshakeTale:
    """What the handshake said so far."""

    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The decoded fields of the last message of each name that the peer sent."""
    chain: list[bytes] = field(default_factory=list)
    """The peer's certificates, DER, leaf first."""
    connected: Connected | None = None
    connected_ns: int = 0


class QuicTale:
    """One connection's events; ``scope`` may change with the hop."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.handshake = HandshakeTale()
        self.ended: Ended | None = None
        self._told = {True: 0, False: 0}
        self._mergers = {
            True: ReadMerger(lambda *burst: self._tell_burst(True, *burst)),
            False: ReadMerger(lambda *burst: self._tell_burst(False, *burst)),
        }

    def tell(self, sights: list[Sight], at_ns: int) -> list[MachineEvent]:
        """Record ``sights``, which happened at ``at_ns``; gives those that HTTP means."""
        return [event for sight in sights if (event := self._tell(sight, at_ns)) is not None]

    def _tell(self, sight: Sight, at_ns: int) -> MachineEvent | None:
        match sight:
            case PacketSeen():
                self._packet(sight, at_ns)
            case TlsMessageSeen():
                self._message(sight, at_ns)
            case Connected():
                self.handshake.connected = sight
                self.handshake.connected_ns = at_ns
            case Ended():
                self._end(sight, at_ns)
            case _:
                return sight
        return None

    def rtt(self, moment: str, estimate: RttEstimate | None) -> None:
        """Record the path's estimates, when there are any."""
        if estimate is not None:
            self.scope.emit(
                RttSampled(
                    moment,
                    _us(estimate.smoothed_s),
                    _us(estimate.minimum_s),
                    _us(estimate.variance_s),
                    estimate.window_bytes,
                    estimate.lost_packets,
                )
            )

    def flush(self) -> None:
        """Record packets that are still being merged."""
        for merger in self._mergers.values():
            merger.flush()

    def _packet(self, seen: PacketSeen, at_ns: int) -> None:
        if seen.space == "1rtt":
            self._told[seen.sent] += 1
            if self._told[seen.sent] > SINGLE_PACKETS:
                self._mergers[seen.sent].add(seen.size_bytes, at_ns)
                return
        self.scope.emit(
            Packet(seen.space, seen.number, seen.size_bytes, seen.frames),
            direction="sent" if seen.sent else "received",
            at_ns=at_ns,
        )

    def _tell_burst(
        self, sent: bool, size_bytes: int, packets: int, first_ns: int, _span_ns: int
    ) -> None:
        self.scope.emit(
            Packet("1rtt", None, size_bytes, (), packets),
            direction="sent" if sent else "received",
            at_ns=first_ns,
        )

    def _message(self, seen: TlsMessageSeen, at_ns: int) -> None:
        name, detail = decode_handshake(seen.data, _TLS13)
        self.scope.emit(
            Message(name, len(seen.data), seen.encrypted, detail),
            direction="sent" if seen.sent else "received",
            at_ns=at_ns,
        )
        if seen.sent:
            return
        self.handshake.details[name] = detail
        if name == "certificate":
            try:
                self.handshake.chain = certificate_list(seen.data, _TLS13)
            except DecodeError:
                self.handshake.chain = []

    def _end(self, ended: Ended, at_ns: int) -> None:
        self.ended = ended
        self.flush()
        direction = {"peer": "received", "idle": None, "version": None}.get(ended.how, "sent")
        reason = f"{ended.name} {ended.reason}".strip()
        self.scope.emit(
            Closed(ended.code, reason),
            direction=direction,  # type: ignore[arg-type]
            at_ns=at_ns,
        )


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)
