"""The security's part of a hop: messages, keys, certificates, verdict."""

from firstbyte.events import Event, tls
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.model import Tls, TlsMessage, Verify, ms
from firstbyte.journey.select import Seen, each, first, last


def handshake_events(carrier: tuple[Event, ...]) -> tuple[Event, ...]:
    """The last handshake on a connection: inside a TLS proxy's tunnel it is the origin's."""
    started = last(carrier, tls.HandshakeStarted)
    own = carrier if started is None else carrier[carrier.index(started.event) :]
    return tuple(event for event in own if event.layer == "tls")


def build_tls(view: HopView) -> Tls | None:
    """The hop's TLS; null without any.

    A reused connection shows what was agreed earlier, with the messages of this hop alone.
    """
    events = handshake_events(view.carrier)
    if not events:
        return None
    finished = last(events, tls.HandshakeFinished)
    agreed = finished.what if finished else None
    started = first(events, tls.HandshakeStarted)
    certificates = last(events, tls.Certificates)
    verified = last(events, tls.Verified)
    return Tls(
        version=agreed.version if agreed else _chosen(events, "version"),
        cipher=agreed.cipher if agreed else _chosen(events, "cipher_suite"),
        group=agreed.group if agreed else None,
        signature_algorithm=agreed.signature_algorithm if agreed else None,
        alpn=agreed.alpn if agreed else None,
        alpn_offered=started.what.alpn_offered if started else (),
        server_name=started.what.server_name if started else None,
        resumed=agreed.resumed if agreed else None,
        early_data=agreed.early_data if agreed else None,
        messages=_messages(events, view),
        certificates=certificates.what.sent if certificates else (),
        chain=certificates.what.built if certificates else (),
        verify=_verify(verified),
        staple=verified.what.staple if verified else None,
        compute_ms=ms(agreed.compute_ns // 1000) if agreed else None,
    )


def _chosen(events: tuple[Event, ...], field: str) -> str | None:
    """What the server chose in its server_hello, though the handshake failed after it."""
    for seen in reversed(each(events, tls.Message)):
        if seen.what.name == "server_hello":
            value = seen.what.detail.get(field)
            return value if isinstance(value, str) else None
    return None


def _messages(events: tuple[Event, ...], view: HopView) -> tuple[TlsMessage, ...]:
    seen = each(events, tls.Message)
    if view.reused:
        seen = [message for message in seen if message.event.hop == view.index]
    return tuple(_message(message) for message in seen)


def _message(seen: Seen[tls.Message]) -> TlsMessage:
    return TlsMessage(
        at_ms=ms(seen.at_us),
        from_="server" if seen.event.direction == "received" else "client",
        type=seen.what.name,
        bytes=seen.what.bytes,
        encrypted=seen.what.encrypted,
        detail=seen.what.detail,
    )


def _verify(verified: Seen[tls.Verified] | None) -> Verify | None:
    if verified is None:
        return None
    what = verified.what
    return Verify(ok=what.ok, errors=what.errors, name_checked=what.name_checked)


def flights(events: tuple[Event, ...]) -> int:
    """Round trips of a handshake: how often the server's messages followed the client's.

    TLS 1.3 takes 1, with HelloRetryRequest 2 (RFC 8446, 2); TLS 1.2 takes 2, resumed 1
    (RFC 5246, 7.3).
    """
    count = 0
    waiting = False
    for event in events:
        if isinstance(event.what, tls.HandshakeFinished | tls.HandshakeFailed):
            break
        if isinstance(event.what, tls.Message):
            if event.direction == "received":
                count += waiting
                waiting = False
            else:
                waiting = True
    return count
