"""The one vocabulary: everything that any network can tell, as small immutable records.

Bodies live in one module a layer (``events.tcp``, ``events.tls``, …); ``Event`` is the envelope.
"""

from firstbyte.events import dhcp, dns, http, link, quic, tcp, tls, trace
from firstbyte.events.base import Direction, Event, Source, What
from firstbyte.events.recorder import Recorder, Scope

__all__ = [
    "Direction",
    "Event",
    "Recorder",
    "Scope",
    "Source",
    "What",
    "dhcp",
    "dns",
    "http",
    "link",
    "quic",
    "tcp",
    "tls",
    "trace",
]
