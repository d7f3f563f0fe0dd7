"""HTTP machines, content codings, URLs, cookies."""

import gzip
import zlib

import brotli
import zstandard
from h2.config import H2Configuration
from h2.connection import H2Connection

from firstbyte.client.cookies import CookieJar, parse_cookie_date
from firstbyte.client.proxies import parse_proxy
from firstbyte.client.redirects import redirect_url
from firstbyte.client.requests import parse_header_option
from firstbyte.client.urls import parse_url, resolve_reference
from firstbyte.errors import DecodeError, UrlError, UsageError
from firstbyte.protocols.http.coding import make_decoder
from firstbyte.protocols.http.http1 import Http1Machine
from firstbyte.protocols.http.http2 import Http2Machine
from firstbyte.protocols.http.messages import Machine, Request
from fuzz.target import Target, text, texts

_BODY = b"All work and no play. " * 20
_CODED = {
    "gzip": gzip.compress(_BODY),
    "deflate": zlib.compress(_BODY),
    "br": brotli.compress(_BODY),
    "zstd": zstandard.compress(_BODY),
}
_CHUNKED = (
    b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;x=y\r\nhello\r\n0\r\nTrailer: t\r\n\r\n"
)
RESPONSES = (
    _CHUNKED,
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhello",
    b"HTTP/1.0 302 Found\r\nLocation: /x\r\nConnection: close\r\n\r\nbody until the end",
    b"HTTP/1.1 204 No\r\n\r\n",
)
_URL = parse_url("https://www.site.test/a/b?c")


def _h2_answers() -> tuple[bytes, ...]:
    """A server's bytes to the machine's own first request."""
    client = Http2Machine()
    client.request(Request("GET", "https", "site.test", "/"))
    server = H2Connection(H2Configuration(client_side=False))
    server.initiate_connection()
    server.receive_data(client.outgoing())
    server.send_headers(1, [(":status", "103"), ("link", "</a>")])
    server.send_headers(1, [(":status", "200"), ("content-type", "text/plain")])
    server.send_data(1, b"hello")
    server.ping(b"12345678")
    server.send_headers(1, [("trailer", "t")], end_stream=True)
    whole = server.data_to_send()
    server.close_connection(2)
    return whole, whole + server.data_to_send()


def _feed(machine: Machine, data: bytes) -> None:
    """In pieces whose size the data itself decides."""
    machine.request(Request("POST", "https", "site.test", "/", (("Content-Length", "3"),), b"abc"))
    machine.outgoing()
    step = data[0] % 50 + 1 if data else 1
    for at in range(0, min(len(data), 4000), step):
        machine.receive(data[at : at + step])
        machine.outgoing()
    machine.receive(b"")
    assert isinstance(machine.can_reuse, bool)


def _decode(coding: str, data: bytes) -> None:
    decoder = make_decoder(coding)
    assert decoder is not None
    for at in range(0, len(data), 64):
        size = 0
        for piece in decoder.feed(data[at : at + 64]):
            size += len(piece)
            if size > 1 << 22:
                return
    decoder.finish()


def _url(data: bytes) -> None:
    """What was read is a normal form: reading it again changes nothing."""
    url = parse_url(text(data))
    assert str(parse_url(str(url))) == str(url)
    str(url.display_host)


def _cookies(data: bytes) -> None:
    jar = CookieJar()
    jar.store(_URL, text(data).split("\n"), 1e9)
    jar.header_for(_URL, 1e9)
    jar.load(text(data))
    jar.header_for(_URL, 1e9)
    parse_cookie_date(text(data))


TARGETS = (
    Target("http.http1", RESPONSES, lambda data: _feed(Http1Machine(max_header_bytes=4096), data)),
    Target("http.http2", _h2_answers(), lambda data: _feed(Http2Machine(), data)),
    *(
        Target(
            f"http.coding.{name}",
            (coded,),
            lambda data, name=name: _decode(name, data),
            (DecodeError,),
        )
        for name, coded in _CODED.items()
    ),
    Target(
        "url.parse",
        texts(
            "https://user:pa%20ss@www.site.test:8443/a/../b?q=ü#f",
            "http://[2001:db8::1%25eth0]:80/",
            "0x7f.1/x",
            "bücher.example",
        ),
        _url,
        (UrlError,),
    ),
    Target(
        "url.reference",
        texts("../x y?z#f", "//other.test:1/", "https:///a", "?q", "/a/./b/../c", "http:x"),
        lambda data: (
            resolve_reference(_URL, text(data)),
            redirect_url(_URL, 302, text(data)),
        ),
        (UrlError,),
    ),
    Target(
        "http.cookies",
        texts(
            "a=1; Path=/; Domain=site.test; Max-Age=10; Secure; SameSite=Lax",
            "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
            "#HttpOnly_.site.test\tTRUE\t/\tFALSE\t0\tn\tv",
        ),
        _cookies,
    ),
    Target(
        "cli.header",
        texts("A: b", "A;", "A:"),
        lambda d: parse_header_option(text(d)),
        (UsageError,),
    ),
    Target(
        "cli.proxy",
        texts("http://u:p@proxy.test:3128", "proxy:1", "https://[::1]:8"),
        lambda data: parse_proxy(text(data)),
        (UsageError, UrlError),
    ),
)
