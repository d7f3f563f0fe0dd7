"""Moves datagrams and timers between the loop and an HTTP/3 machine."""

import asyncio
from collections.abc import Callable
from typing import cast

from firstbyte.protocols.quic.http3 import Http3Machine
from firstbyte.protocols.quic.sights import Sight, is_sent

_NS = 1_000_000_000


class QuicLink(asyncio.DatagramProtocol):
    """The machine's side of a connected UDP socket.

    ``tell`` takes what was seen and when (absolute ns); ``fail`` the socket's error, such as the
    ECONNREFUSED that an ICMP message brings.
    """

    def __init__(
        self,
        machine: Http3Machine,
        now_ns: Callable[[], int],
        tell: Callable[[list[Sight], int], None],
        fail: Callable[[OSError], None],
    ) -> None:
        self._machine = machine
        self._now_ns = now_ns
        self._tell = tell
        self._fail = fail
        self._timer: asyncio.TimerHandle | None = None
        self._fired_s = 0.0
        self._transport: asyncio.DatagramTransport | None = None
        self.compute_ns = 0
        """Time spent in the machine."""
        self.received_datagrams = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio once, before anything else."""
        # some loops' datagram transports are no subclass of asyncio's
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - connected
        """Called by asyncio: a datagram came. The time is taken here."""
        at_ns = self._now_ns()
        self.received_datagrams += 1
        self._machine.receive(data, self._clock_s(at_ns))
        self.advance(at_ns)

    def error_received(self, exc: Exception) -> None:
        """Called by asyncio: a send or receive failed."""
        if isinstance(exc, OSError):
            self._fail(exc)

    def advance(self, arrived_ns: int | None = None) -> None:
        """Send what the machine has, then tell what it saw, and set its timer.

        Telling waits until the datagrams are handed over, so that it does not delay the peer.
        """
        started_ns = self._now_ns()
        arrived_ns = started_ns if arrived_ns is None else arrived_ns
        before = self._machine.events()
        datagrams = self._machine.outgoing(self._clock_s(started_ns))
        sent_ns = self._now_ns()
        self.compute_ns += sent_ns - arrived_ns
        if self._transport is not None and not self._transport.is_closing():
            for datagram in datagrams:
                self._transport.sendto(datagram)
        self._set_timer()
        ours = [sight for sight in before if is_sent(sight)] + self._machine.events()
        theirs = [sight for sight in before if not is_sent(sight)]
        if theirs:
            self._tell(theirs, arrived_ns)
        if ours:
            self._tell(ours, sent_ns)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline_s = self._machine.next_deadline()
        if deadline_s is not None:
            delay_s = max(0.0, deadline_s - self._now_ns() / _NS)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._on_timer, deadline_s)

    def _on_timer(self, deadline_s: float) -> None:
        self._fired_s = deadline_s
        now_ns = self._now_ns()
        self._machine.timeout(self._clock_s(now_ns))
        self.advance(now_ns)

    def _clock_s(self, now_ns: int) -> float:
        """The machine's clock: never before a deadline whose timer fired.

        Rounding may let a timer fire a nanosecond early; the machine would find nothing to do and
        ask for the same deadline again, for ever where the time is virtual.
        """
        return max(now_ns / _NS, self._fired_s)

    def shut(self) -> None:
        """Close the socket and forget the timer; never raises."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.close()

    def address(self, which: str) -> tuple[str, int]:
        """``"sockname"`` or ``"peername"`` as IP address and port."""
        name = None if self._transport is None else self._transport.get_extra_info(which)
        return (name[0], name[1]) if name else ("", 0)
