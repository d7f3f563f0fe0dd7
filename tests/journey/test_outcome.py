import pytest

from firstbyte.journey.outcome import exit_code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("url.malformed", 3),
        ("url.unsupported_scheme", 1),
        ("dns.nxdomain", 6),
        ("dns.bogus", 6),
        ("proxy.unresolved", 5),
        ("proxy.connect", 7),
        ("proxy.denied", 56),
        ("tcp.refused", 7),
        ("tcp.no_route", 7),
        ("tcp.timed_out", 28),
        ("tcp.interface", 45),
        ("tcp.reset", 56),
        ("deadline.connect", 28),
        ("deadline.total", 28),
        ("tls.cert.expired", 60),
        ("tls.ca_unreadable", 77),
        ("tls.client_certificate_unusable", 58),
        ("tls.bad_cipher_list", 59),
        ("tls.dropped", 35),
        ("tls.alert.handshake_failure", 35),
        ("quic.timed_out", 28),
        ("quic.version", 96),
        ("http.empty_reply", 52),
        ("http.reset", 56),
        ("http.malformed", 8),
        ("http.http09", 1),
        ("http.short_body", 18),
        ("http.redirect_loop", 47),
        ("http.too_many_redirects", 47),
        ("http.status", 22),
        ("http.goaway", 16),
        ("http.protocol3", 95),
        ("http.bad_encoding", 61),
        ("http.send_failed", 55),
        ("write.failed", 23),
        ("file.unreadable", 26),
        ("internal", 2),
        ("something.new", 2),
    ],
)
def test_exit_codes_are_curls(error: str, code: int) -> None:
    assert exit_code(error) == code


def test_codes_that_depend_on_the_place() -> None:
    assert exit_code("tcp.reset", phase="tls") == 35
    assert exit_code("http.malformed", phase="wait") == 8
    assert exit_code("http.malformed", phase="receive") == 56
    assert exit_code("http.stream_reset", http_version="2") == 92
    assert exit_code("http.stream_reset", http_version="3") == 95
    assert exit_code("tls.client_certificate_required", tls="TLSv1.3") == 56
    assert exit_code("tls.client_certificate_required", tls="TLSv1.2") == 35
