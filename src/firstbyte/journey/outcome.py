"""How a trace ended, and curl's exit code for it."""

from firstbyte.events import trace
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.model import Error, Outcome, Tls
from firstbyte.journey.select import last

INTERNAL = 2
ABORTED = 42

# Ids and, with a trailing dot, families of ids; the longest match counts.
EXIT_CODES: dict[str, int] = {
    "url.malformed": 3,
    "url.unsupported_scheme": 1,
    "dns.": 6,
    "dns.bogus": 6,
    "proxy.": 56,
    "proxy.unresolved": 5,
    "proxy.connect": 7,
    "tcp.": 7,
    "tcp.timed_out": 28,
    "tcp.interface": 45,
    "tcp.reset": 56,
    "deadline.": 28,
    "tls.": 35,
    "tls.cert.": 60,
    "tls.ca_unreadable": 77,
    "tls.client_certificate_unusable": 58,
    "tls.bad_cipher_list": 59,
    "tls.client_certificate_required": 56,
    "quic.": 96,
    "quic.refused": 7,
    "quic.timed_out": 28,
    "http.": 56,
    "http.empty_reply": 52,
    "http.malformed": 8,
    "http.http09": 1,
    "http.tls_on_plain_port": 8,
    "http.short_body": 18,
    "http.redirect_loop": 47,
    "http.too_many_redirects": 47,
    "http.status": 22,
    "http.stream_reset": 92,
    "http.goaway": 16,
    "http.protocol2": 16,
    "http.protocol3": 95,
    "http.bad_encoding": 61,
    "http.send_failed": 55,
    "http.timed_out": 28,
    "write.failed": 23,
    "file.unreadable": 26,
    "trace.incomplete": ABORTED,
}


def exit_code(
    error_id: str, *, phase: str = "", http_version: str | None = None, tls: str | None = None
) -> int:
    """The exit code that curl has for an error.

    ``phase`` is the phase that failed, ``http_version`` "1.1", "2" or "3", and ``tls`` the version
    agreed on ("TLSv1.2"): the same fault has another code in another place.
    """
    if error_id == "tcp.reset" and phase == "tls":
        return 35
    if error_id == "http.malformed" and phase == "receive":
        return 56  # the head was good; curl reports broken framing as a receive error
    if error_id == "http.stream_reset" and http_version == "3":
        return 95
    # TLS 1.3 refuses a missing certificate after our Finished, when curl is reading already.
    if error_id == "tls.client_certificate_required" and tls == "TLSv1.2":
        return 35
    return EXIT_CODES.get(error_id) or _family_code(error_id)


def _family_code(error_id: str) -> int:
    families = [key for key in EXIT_CODES if key.endswith(".") and error_id.startswith(key)]
    return EXIT_CODES[max(families, key=len)] if families else INTERNAL


def build_outcome(views: tuple[HopView, ...], http_version: str | None, tls: Tls | None) -> Outcome:
    """The outcome of the whole trace: that of its last hop."""
    error = _error(views)
    if error is None:
        return Outcome(ok=True, exit_code=0)
    version = tls.version if tls else None
    code = exit_code(error.id, phase=error.phase, http_version=http_version, tls=version)
    return Outcome(ok=False, exit_code=code, error=error)


def _error(views: tuple[HopView, ...]) -> Error | None:
    failed = last(views[-1].events, trace.Failed) if views else None
    if failed is not None:
        what = failed.what
        return Error(id=what.id, phase=what.phase, message=what.message, hint=what.hint)
    if views and views[-1].finished:
        return None
    return Error("trace.incomplete", "trace", "the trace stopped before a whole response was read")
