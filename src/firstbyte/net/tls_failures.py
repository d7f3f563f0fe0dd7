"""Why a handshake failed: alerts, OpenSSL's words and silence turned into our error ids."""

from msgspec import Struct

from firstbyte.errors import DecodeError, TlsError
from firstbyte.protocols.tls.records import HEADER_BYTES, check_header, is_plain_text

_REQUIRED = "tls.client_certificate_required"
_GIVE_ONE = "give one with --cert and --key"


class HandshakeState(Struct):
    """What had happened when the handshake failed."""

    alert: str | None = None
    """The description of the last fatal alert that the peer sent."""
    last_message: str | None = None
    """The last handshake message that the peer sent."""
    certificate_requested: bool = False
    certificate_given: bool = False


def not_tls(first_bytes: bytes) -> TlsError | None:
    """The error for a peer whose first bytes are no TLS record, or None when they may be one."""
    try:
        check_header(first_bytes[:HEADER_BYTES])
    except DecodeError as error:
        if is_plain_text(first_bytes):
            shown = first_bytes[:40].split(b"\r")[0].split(b"\n")[0].decode("ascii", "replace")
            return TlsError(
                "tls.plain_http",
                f"the peer answers in plain text, not TLS ({shown!r}): wrong version number",
                "this port does not speak TLS: use http://, or the port that serves https",
            )
        return TlsError(
            "tls.protocol",
            f"the peer's first bytes are no TLS record: {error}",
            "check that this port speaks TLS",
        )
    return None


def dropped(state: HandshakeState, how: str) -> TlsError:
    """The error for a connection that ended during the handshake; ``how``: "closed", "reset"."""
    if state.last_message is None:
        return TlsError(
            "tls.dropped",
            f"the connection was {how} right after our client_hello, without an answer",
            "a middlebox, a server that knows no such name (SNI), or one that takes no TLS here",
        )
    if certificate_missed(state):
        return left_without_certificate(how)
    return TlsError(
        "tls.dropped",
        f"the connection was {how} during the handshake, after the peer's {state.last_message}",
    )


def certificate_missed(state: HandshakeState) -> bool:
    """Whether the server asked for a certificate of ours and got none."""
    return state.certificate_requested and not state.certificate_given


def left_without_certificate(how: str) -> TlsError:
    """The error for a server that asked for a certificate, got none, and left without a word.

    Servers on asyncio do so: their alert is lost when the transport is aborted.
    """
    return TlsError(
        _REQUIRED,
        f"the server asked for a client certificate, got none, and the connection was {how}",
        _GIVE_ONE,
    )


def failed(reasons: tuple[str, ...], state: HandshakeState) -> TlsError:
    """The error for a handshake that OpenSSL gave up, or a connection that an alert ended."""
    if state.alert is not None:
        return _alerted(state.alert, state)
    words = "; ".join(reasons) or "unknown reason"
    for reason in reasons:
        known = _LOCAL.get(reason)
        if known is not None:
            id_, hint = known
            return TlsError(id_, f"the handshake failed: {words}", hint)
    return TlsError("tls.protocol", f"the peer breaks the rules of TLS: {words}")


def _alerted(alert: str, state: HandshakeState) -> TlsError:
    if _asks_for_certificate(alert, state):
        return TlsError(
            _REQUIRED,
            f"the server wants a client certificate (alert {alert})",
            _GIVE_ONE,
        )
    known = _ALERTS.get(alert)
    if known is not None:
        return TlsError(known, f"the server sent alert {alert}: {_MEANINGS[known]}")
    if alert == "handshake_failure" and state.last_message is None:
        return TlsError(
            "tls.no_common_cipher",
            "the server sent alert handshake_failure: of the cipher suites, groups and signature "
            "algorithms that we offer none suits it",
            "try --ciphers, --curves or --tls-max 1.2; some servers also answer so to names "
            "(SNI) that they do not serve",
        )
    return TlsError(f"tls.alert.{alert}", f"the server sent alert {alert}", _ALERT_HINTS.get(alert))


def _asks_for_certificate(alert: str, state: HandshakeState) -> bool:
    """TLS 1.3 has an alert for it; older servers fail the handshake in words of their own."""
    if alert == "certificate_required":
        return True
    silent_about_it = {"handshake_failure", "bad_certificate", "no_certificate", "access_denied"}
    return certificate_missed(state) and alert in silent_about_it


_ALERTS = {
    "protocol_version": "tls.no_common_version",
    "insufficient_security": "tls.no_common_cipher",
    "no_application_protocol": "tls.no_common_alpn",
    "inappropriate_fallback": "tls.no_common_version",
}

_MEANINGS = {
    "tls.no_common_version": "it accepts no version that we offer",
    "tls.no_common_cipher": "it wants stronger cipher suites than we offer",
    "tls.no_common_alpn": "it speaks no protocol that we offer by ALPN",
}

_ALERT_HINTS = {
    "unrecognized_name": "the server serves no site of this name (SNI)",
    "unknown_ca": "the server does not know the CA of our client certificate",
    "bad_certificate": "the server does not accept our client certificate",
    "certificate_expired": "our client certificate has expired",
    "certificate_revoked": "our client certificate is revoked",
    "certificate_unknown": "the server does not accept our client certificate",
    "access_denied": "the server knows our certificate, and does not let us in",
    "internal_error": "something is wrong inside the server: its log will say what",
}

_VERSION = ("tls.no_common_version", "the server is too old, or --tlsv1.x and --tls-max exclude it")
_CIPHER = ("tls.no_common_cipher", "change --ciphers, or the server's configuration")
_OLD = ("tls.protocol", "the server is too old to be safe: it must be updated")

# OpenSSL's reason strings for what it refuses by itself
_LOCAL: dict[str, tuple[str, str]] = {
    "unsupported protocol": _VERSION,
    "wrong ssl version": _VERSION,
    "version too low": _VERSION,
    "version too high": _VERSION,
    "no protocols available": _VERSION,
    "no suitable key share": _CIPHER,
    "no ciphers available": _CIPHER,
    "no suitable groups": _CIPHER,
    "wrong cipher returned": _CIPHER,
    "unknown cipher returned": _CIPHER,
    "unsafe legacy renegotiation disabled": _OLD,
    "dh key too small": _OLD,
    "wrong signature type": _OLD,
    "ee key too small": _OLD,
}
