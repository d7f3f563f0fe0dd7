"""The path's round-trip time, from the best evidence that the events give."""

from typing import NamedTuple

from firstbyte.events import Event, http, quic, tcp, tls
from firstbyte.journey.select import Seen, at_us, each, first


class Rtt(NamedTuple):
    """A round-trip time and how it is known."""

    us: int
    source: str
    """capture, simulated, tcp_info, connect_time, quic, quic_handshake or tls_handshake."""


def path_rtt(carrier: tuple[Event, ...]) -> Rtt | None:
    """The RTT of the connection whose events these are; null when nothing tells it.

    In order: SYN to SYN-ACK as seen on the wire; the kernel's minimum (TCP_INFO); QUIC's own
    minimum (RFC 9002, 5.2); the time that connect() took; the time of the QUIC handshake.
    """
    for measure in (_wire, _tcp_info, _quic_minimum, _connect_time, _quic_handshake):
        rtt = measure(carrier)
        if rtt is not None and rtt.us > 0:
            return rtt
    return None


def end_to_end_rtt(carrier: tuple[Event, ...]) -> Rtt | None:
    """The RTT to the server that answers: the path's, or through a proxy's tunnel.

    In a tunnel TCP's round trip ends at the proxy; what the origin answers first is its
    ServerHello. The time of it has the origin's own work in it, some milliseconds at most.
    """
    tunnel = first(carrier, http.ProxyConnected)
    return _server_hello(carrier, tunnel.at_us) if tunnel is not None else path_rtt(carrier)


def _server_hello(carrier: tuple[Event, ...], after_us: int) -> Rtt | None:
    asked_us: int | None = None
    for event in carrier:
        if at_us(event) < after_us or not isinstance(event.what, tls.Message):
            continue
        if event.direction == "sent" and event.what.name == "client_hello":
            asked_us = at_us(event)
        elif event.direction == "received" and asked_us is not None:
            return Rtt(max(1, at_us(event) - asked_us), "tls_handshake")
    return None


def _wire(carrier: tuple[Event, ...]) -> Rtt | None:
    seen = [s for s in each(carrier, tcp.Segment) if s.event.source != "inferred"]
    syns = [s for s in seen if s.what.flags == "SYN" and s.event.direction == "sent"]
    answer = next((s for s in seen if s.what.flags == "SYN ACK"), None)
    before = [s for s in syns if answer is not None and s.at_us <= answer.at_us]
    # A SYN-ACK after a repeated SYN may answer either of them (Karn's rule, RFC 6298, 3).
    if answer is None or len(before) != 1:
        return None
    return Rtt(answer.at_us - before[0].at_us, answer.event.source)


def _tcp_info(carrier: tuple[Event, ...]) -> Rtt | None:
    known: list[int] = []
    for seen in each(carrier, tcp.InfoSampled):
        info = seen.what.info
        known += [v for v in (info.min_rtt_us, info.rtt_us) if v is not None and v > 0]
    return Rtt(min(known), "tcp_info") if known else None


def _quic_minimum(carrier: tuple[Event, ...]) -> Rtt | None:
    known = [s.what.min_rtt_us for s in each(carrier, quic.RttSampled) if s.what.min_rtt_us > 0]
    return Rtt(min(known), "quic") if known else None


def _connect_time(carrier: tuple[Event, ...]) -> Rtt | None:
    return _between(
        first(carrier, tcp.ConnectStarted), first(carrier, tcp.Connected), "connect_time"
    )


def _quic_handshake(carrier: tuple[Event, ...]) -> Rtt | None:
    return _between(
        first(carrier, quic.ConnectionStarted),
        first(carrier, quic.HandshakeCompleted),
        "quic_handshake",
    )


def _between(
    start: Seen[tcp.ConnectStarted] | Seen[quic.ConnectionStarted] | None,
    end: Seen[tcp.Connected] | Seen[quic.HandshakeCompleted] | None,
    source: str,
) -> Rtt | None:
    if start is None or end is None:
        return None
    return Rtt(end.at_us - start.at_us, source)
