"""QUIC (RFC 9000): datagrams with their packets, the handshake, and the end."""

from firstbyte.events.body import Body


class ConnectionStarted(Body, frozen=True, tag="quic.started"):
    """The first Initial is about to leave for this address. Attempts count as in TCP's events."""

    attempt: int
    address: str
    port: int
    version: str


class Packet(Body, frozen=True, tag="quic.packet"):
    """One QUIC packet; several may share a datagram (RFC 9000, 12.2).

    ``space`` is initial, 0rtt, handshake, 1rtt, retry or version_negotiation.
    ``frames`` are the RFC's names in snake case, in order ("crypto", "ack", "padding").
    """

    space: str
    number: int | None
    bytes: int
    frames: tuple[str, ...]
    count: int = 1
    """Late in a long transfer neighbouring packets are merged: how many, ``bytes`` together."""


class HandshakeCompleted(Body, frozen=True, tag="quic.connected"):
    """The TLS handshake inside QUIC is complete. Details are in the ``tls.*`` events."""

    local_address: str
    local_port: int
    version: str
    retry: bool
    early_data: bool


class RttSampled(Body, frozen=True, tag="quic.rtt"):
    """Loss recovery's estimate of the path (RFC 9002)."""

    moment: str
    rtt_us: int
    min_rtt_us: int
    rttvar_us: int
    cwnd_bytes: int
    lost_packets: int


class ConnectionFailed(Body, frozen=True, tag="quic.failed"):
    """The connection could not be made; ``cause`` is an error id such as ``quic.timed_out``."""

    cause: str
    message: str


class ConnectionCancelled(Body, frozen=True, tag="quic.cancelled"):
    """We gave this connection up because another one won the race."""


class Closed(Body, frozen=True, tag="quic.closed"):
    """CONNECTION_CLOSE or idle timeout; direction says by whom."""

    error_code: int
    reason: str


QuicEvent = (
    ConnectionStarted
    | Packet
    | HandshakeCompleted
    | RttSampled
    | ConnectionFailed
    | ConnectionCancelled
    | Closed
)
