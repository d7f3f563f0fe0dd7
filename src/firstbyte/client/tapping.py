"""Puts what a packet tap saw of one TCP connection into the journey."""

import asyncio
import contextlib
import socket

from firstbyte.errors import UsageError
from firstbyte.events import Scope, Source
from firstbyte.events.tcp import TapSummary
from firstbyte.events.trace import Decision
from firstbyte.net.system import System, Tap
from firstbyte.protocols.tcp.observer import SegmentObserver

_LINGER_S = 0.05
"""How long at most the tap stays open for the last FIN and ACK."""


class ConnectionTap:
    """A tap with the scope of the connection that it watches."""

    def __init__(self, tap: Tap, scope: Scope) -> None:
        self._tap = tap
        self._scope = scope

    def stop(self) -> None:
        """Close the tap and emit what it saw."""
        self._tap.close()
        observer = SegmentObserver()
        packets = self._tap.packets()
        source: Source = "simulated" if self._scope.recorder.source == "simulated" else "capture"
        for packet in packets:
            segment = observer.observe(packet.data, outgoing=packet.outgoing)
            if segment is not None:
                self._scope.emit(
                    segment,
                    direction="sent" if packet.outgoing else "received",
                    at_ns=packet.at_ns,
                    source=source,
                )
        self._scope.emit(TapSummary(len(packets), self._tap.dropped))


class Taps:
    """The taps of one trace.

    They are closed together when the trace is over: closing one makes the kernel wait for all its
    processors, some 10 ms that must not fall into a measured phase.
    """

    def __init__(self) -> None:
        self._taps: list[ConnectionTap] = []

    def add(self, tap: ConnectionTap) -> None:
        """Keep a tap until the end."""
        self._taps.append(tap)

    async def finish(self, rtt_s: float) -> None:
        """Close all, once the last FIN and ACK can have been seen.

        Args:
            rtt_s: the path's round trip, which the peer's FIN and the last ACK need.

        """
        try:
            if self._taps:
                await asyncio.sleep(min(2 * rtt_s, _LINGER_S))
        finally:
            self.stop()

    def stop(self) -> None:
        """Close all now."""
        while self._taps:
            self._taps.pop().stop()


def tap_connection(
    taps: Taps,
    system: System,
    sock: socket.socket,
    remote: tuple[str, int],
    scope: Scope,
    *,
    required: bool,
) -> None:
    """Tap the connection that ``sock`` is about to make, where that may be done.

    Args:
        taps: where the tap is kept.
        system: whose packets.
        sock: not yet connected; it is bound to an ephemeral port, so that the filter is exact.
        remote: IP address and port.
        scope: the connection's.
        required: the caller insists (``--tap on``).

    Raises:
        UsageError: ``required``, and no tap can be had.

    """
    with contextlib.suppress(OSError):  # bound already, to an interface's address
        sock.bind(("::" if ":" in remote[0] else "0.0.0.0", 0))  # noqa: S104 - to connect, not to listen
    tap = system.open_tap("tcp", sock.getsockname()[:2], remote)
    if tap is not None:
        taps.add(ConnectionTap(tap, scope))
        return
    if required:
        raise UsageError(
            "--tap on: this process may not capture packets",
            "run as root, or: sudo setcap cap_net_raw+ep $(readlink -f $(which python3))",
        )
    scope.emit(Decision("tap", "none", "no CAP_NET_RAW, or too many taps are open"))
