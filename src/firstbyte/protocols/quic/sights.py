"""What the QUIC machine saw, besides what HTTP means: handshake messages, packets, the end."""

from dataclasses import dataclass
from typing import Literal

from firstbyte.protocols.http.messages import MachineEvent


@dataclass(frozen=True, slots=True)
class TlsMessageSeen:
    """A whole handshake message with its 4-byte header, in CRYPTO frames (RFC 9001, 4)."""

    sent: bool
    data: bytes
    encrypted: bool


@dataclass(frozen=True, slots=True)
class PacketSeen:
    """One packet; fields as in ``events.quic.Packet``."""

    sent: bool
    space: str
    number: int | None
    size_bytes: int
    frames: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Connected:
    """The handshake is complete (RFC 9001, 4.1.1)."""

    version: str
    alpn: str | None
    retry: bool
    resumed: bool
    early_data: bool


EndHow = Literal["peer", "local", "own", "idle", "version"]


@dataclass(frozen=True, slots=True)
class Ended:
    """The connection is over.

    ``code`` is an application's (HTTP/3) when ``application``, else the transport's; ``name`` is
    the RFC's. ``how``: "peer" closed it, "local" when we did because the peer broke a rule, "own"
    when we were asked to, "idle" when nothing came for too long, "version" when none is common.
    """

    how: EndHow
    code: int
    name: str
    application: bool
    reason: str


@dataclass(frozen=True, slots=True)
class RttEstimate:
    """Loss recovery's view of the path (RFC 9002), in seconds."""

    smoothed_s: float
    minimum_s: float
    variance_s: float
    window_bytes: int
    lost_packets: int


Sight = TlsMessageSeen | PacketSeen | Connected | Ended | MachineEvent


def is_sent(sight: Sight) -> bool:
    """It is something that leaves with the next datagrams."""
    return isinstance(sight, TlsMessageSeen | PacketSeen) and sight.sent
