"""What the end of a QUIC connection means: the error to raise."""

from firstbyte.client.quic_tale import HandshakeTale
from firstbyte.errors import ConnectError, ConnectionLifeError, HttpError, QuicError, TlsError
from firstbyte.net.os_errors import connect_cause
from firstbyte.net.tls_failures import HandshakeState, failed
from firstbyte.protocols.quic.http3 import alert_name
from firstbyte.protocols.quic.sights import Ended

_SILENT_HINT = "UDP may be blocked on the way: many networks drop it; try without --http3"


def socket_failure(error: OSError, remote: tuple[str, int]) -> ConnectionLifeError:
    """The socket's error: what ICMP said, or what this host cannot do."""
    host = f"[{remote[0]}]" if ":" in remote[0] else remote[0]
    if isinstance(error, ConnectionRefusedError):
        return QuicError(
            "quic.refused",
            f"{host}:{remote[1]}: ICMP says that nothing listens on this UDP port",
            "the server has no HTTP/3 here, or a firewall rejects UDP",
        )
    cause = connect_cause(error)
    return ConnectError(cause.id, f"{host}:{remote[1]}: {cause.message}", cause.hint)


def handshake_failure(ended: Ended, tale: HandshakeTale) -> ConnectionLifeError:
    """The connection ended before the handshake was complete."""
    alert = None if ended.application else alert_name(ended.code)
    if ended.how == "idle":
        what = "stopped in the middle" if tale.details else "no answer came to any Initial packet"
        return QuicError("quic.timed_out", f"the QUIC handshake: {what}", _SILENT_HINT)
    if ended.how == "version":
        return QuicError(
            "quic.version",
            "the server speaks no QUIC version that we do (1 and 2)",
            "try without --http3",
        )
    if alert is not None and ended.how == "peer":
        return failed((), _state(alert, tale))
    if alert is not None:
        return TlsError("tls.protocol", f"the server breaks TLS: {ended.reason or alert}")
    return QuicError(
        "quic.handshake", f"{_WHO[ended.how]} during the handshake: {ended.name} {ended.reason}"
    )


def exchange_failure(ended: Ended, phase: str, tale: HandshakeTale) -> ConnectionLifeError:
    """The connection ended before the response did."""
    alert = None if ended.application else alert_name(ended.code)
    if ended.how == "idle":
        return QuicError("quic.timed_out", "the connection fell silent", _SILENT_HINT)
    if alert is not None and ended.how == "peer":
        return failed((), _state(alert, tale))
    if ended.application and ended.name != "H3_NO_ERROR":
        return HttpError(
            "http.protocol3",
            f"{_WHO[ended.how]}: {ended.name} {ended.reason}".rstrip(),
            phase=phase,
        )
    return QuicError(
        "quic.closed", f"{_WHO[ended.how]} before the response ended: {ended.name} {ended.reason}"
    )


_WHO = {
    "peer": "the server closed the connection",
    "local": "the server broke a rule",
    "own": "the connection was closed",
    "version": "no version is common",
}


def _state(alert: str, tale: HandshakeTale) -> HandshakeState:
    return HandshakeState(
        alert=alert,
        last_message=next(reversed(tale.details), None),
        certificate_requested="certificate_request" in tale.details,
    )
