"""The envelope of every event: when, where, on which connection, and how we know."""

from typing import Literal

from msgspec import Struct

from firstbyte.events.dhcp import DhcpEvent
from firstbyte.events.dns import DnsEvent
from firstbyte.events.http import HttpEvent
from firstbyte.events.link import LinkEvent
from firstbyte.events.quic import QuicEvent
from firstbyte.events.tcp import TcpEvent
from firstbyte.events.tls import TlsEvent
from firstbyte.events.trace import TraceEvent

Source = Literal["kernel", "capture", "simulated", "inferred"]
"""How an event is known.

``kernel``: firstbyte saw it through the kernel's sockets; the time is that of the call's return.
``capture``: a packet tap saw it; the time is the kernel's own stamp.
``simulated``: the private internet produced it; the time is virtual and exact.
``inferred``: nobody saw it, but it follows from what was seen.
"""

Direction = Literal["sent", "received"]
"""As seen from ``Event.host``; ``None`` on the event for what happens inside the host."""

What = DhcpEvent | DnsEvent | HttpEvent | LinkEvent | QuicEvent | TcpEvent | TlsEvent | TraceEvent
"""Everything that can happen: a tagged union, told apart by its ``type`` ("tcp.connected")."""


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened.

    ``at_ns`` counts integer nanoseconds from the start of the trace (or of the simulation).
    ``hop`` numbers the request within a trace: 0 first, one more for each redirect followed.
    ``connection`` names the transport that it belongs to ("tcp1", "quic1", "udp3"), if any.
    """

    at_ns: int
    source: Source
    what: What
    host: str = "client"
    hop: int = 0
    connection: str | None = None
    direction: Direction | None = None

    @property
    def type(self) -> str:
        """The kind of event, e.g. ``"tls.message"``."""
        return str(self.what.__struct_config__.tag)

    @property
    def layer(self) -> str:
        """The layer that it belongs to: the part of ``type`` before the dot."""
        return self.type.partition(".")[0]
