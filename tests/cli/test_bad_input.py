"""Bad input of every kind, met by a whole process: right exit code, a clear word, no traceback."""

import json
import time
from pathlib import Path

import jsonschema
import pytest

from testbed.raw_peer import RawPeer, Script, blurt, endlessly, say

OK = b"HTTP/1.1 200 OK\r\n"
SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "reference" / "journey.schema.json").read_text()
)
REDIRECT = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: "
GENEROUS_S = 25
"""Far above any limit below: only a trace that hangs is caught, whatever the machine does."""

URLS = {
    "": 3,
    "http://": 3,
    "http://127.0.0.1:0/": 3,
    "http://127.0.0.1:99999/": 3,
    "http://127.0.0.1:x/": 3,
    "http://[::1": 3,
    "http://a b/": 3,
    "http://h/\x01": 3,
    "http://a..b/": 3,
    "http://" + "a" * 70_000: 3,
    "gopher://127.0.0.1/": 1,
    "mailto:me": 1,
}

PEERS: dict[str, tuple[str, Script, tuple[str, ...], int, str]] = {
    "huge header": ("http", say(OK + b"X: " + b"a" * 400_000), (), 56, "http.header_too_large"),
    "endless headers": (
        "http",
        endlessly(OK, b"X: y\r\n" * 500),
        (),
        56,
        "http.header_too_large",
    ),
    "endless header": (
        "http",
        endlessly(OK + b"X: ", b"a" * 5000),
        (),
        56,
        "http.header_too_large",
    ),
    "endless interim": (
        "http",
        endlessly(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50),
        (),
        8,
        "http.malformed",
    ),
    "a loop": (
        "http",
        say(REDIRECT + b"/next\r\n\r\n"),
        ("-L",),
        47,
        "http.redirect_loop",
    ),
    "redirect to a file": (
        "http",
        say(REDIRECT + b"file:///etc/passwd\r\n\r\n"),
        ("-L",),
        1,
        "url.unsupported_scheme",
    ),
    "endless body": (
        "http",
        endlessly(OK + b"\r\n", b"x" * 5000),
        ("-m", "1"),
        28,
        "deadline.total",
    ),
    "a bomb": (
        "http",
        say(OK + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nno gzip!!"),
        (),
        61,
        "http.bad_encoding",
    ),
    "garbage for HTTP": ("http", blurt(b"\x00\xff\xfe garbage" * 50), (), 1, "http.http09"),
    "a banner": ("http", blurt(b"SSH-2.0-OpenSSH_9.2\r\n"), (), 1, "http.http09"),
    "a TLS alert for HTTP": (
        "http",
        blurt(b"\x15\x03\x03\0\2\2\x46"),
        (),
        8,
        "http.tls_on_plain_port",
    ),
    "garbage for TLS": ("https", blurt(b"\xde\xad\xbe\xef" * 40), (), 35, "tls.protocol"),
    "HTTP for TLS": ("https", blurt(b"HTTP/1.1 400 Bad\r\n\r\n"), (), 35, "tls.plain_http"),
    "silence for TLS": (
        "https",
        blurt(b"", then="wait"),
        ("--connect-timeout", "0.5"),
        28,
        "deadline.connect",
    ),
    "silence for HTTP": ("http", say(then="wait"), ("-m", "0.5"), 28, "deadline.total"),
    "a byte at a time": (
        "http",
        say(*[bytes([b]) for b in OK * 9], every_s=0.2),
        ("-m", "1"),
        28,
        "deadline.total",
    ),
    "nothing": ("http", blurt(b""), (), 52, "http.empty_reply"),
    "a reset in the content": (
        "http",
        say(OK + b"Content-Length: 9\r\n\r\nabc", then="reset"),
        (),
        56,
        "http.reset",
    ),
    "short content": (
        "http",
        say(OK + b"Content-Length: 9\r\n\r\nabc"),
        (),
        18,
        "http.short_body",
    ),
}


@pytest.mark.parametrize("url", URLS, ids=lambda url: ascii(url[:30]))
def test_urls(firstbyte, url: str) -> None:
    done = firstbyte("-m", "5", url)
    assert done.returncode == URLS[url]
    assert "Traceback" not in done.stderr
    assert "url." in done.stdout


@pytest.mark.parametrize("name", PEERS)
def test_peers(firstbyte, name: str) -> None:
    scheme, script, flags, code, error_id = PEERS[name]
    with RawPeer(script) as peer:
        begin = time.monotonic()
        flags = flags if "-m" in flags else (*flags, "-m", "20")
        done = firstbyte("--json", *flags, f"{scheme}://127.0.0.1:{peer.port}/")
        assert time.monotonic() - begin < GENEROUS_S
    assert done.returncode == code, done.stdout
    assert "Traceback" not in done.stderr
    journey = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(journey)
    outcome = journey["outcome"]
    assert (outcome["ok"], outcome["exit_code"]) == (False, code)
    assert outcome["error"]["id"] == error_id
    assert outcome["error"]["message"]
    explained = [finding["id"] for finding in journey["findings"]][:1]
    assert explained == [error_id] or error_id.startswith("url.")


def test_garbage_for_dns(firstbyte) -> None:
    import socket
    import threading

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(20)

        def answer() -> None:
            for _ in range(12):
                try:
                    data, client = server.recvfrom(4096)
                    server.sendto(data[:2] + b"\xff" * 30, client)
                except OSError:
                    return

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        dns = f"127.0.0.1:{server.getsockname()[1]}"
        done = firstbyte("--json", "-m", "3", "--dns-servers", dns, "http://site.test/")
    assert done.returncode in (6, 28)
    assert "Traceback" not in done.stderr
    journey = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(journey)
    assert journey["outcome"]["error"]["phase"] == "dns"
