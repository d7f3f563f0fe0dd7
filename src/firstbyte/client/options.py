"""What a caller may ask of a trace, in groups; every default is what ``firstbyte URL`` does."""

from dataclasses import dataclass, field
from typing import Literal

HttpVersion = Literal["1.0", "1.1", "2", "3"]
TlsVersion = Literal["1.2", "1.3"]


@dataclass(frozen=True, slots=True)
class ResolveOptions:
    """How names become addresses."""

    servers: tuple[tuple[str, int], ...] = ()
    """Ask these instead of the system's: (address, port)."""
    doh_url: str | None = None
    dot: tuple[str, int] | None = None
    """DNS over TLS server: (host, port)."""
    static: tuple[tuple[str, int, tuple[str, ...]], ...] = ()
    """``--resolve HOST:PORT:ADDR[,ADDR]``: (host or "*", port, addresses)."""
    timeout_s: float | None = None
    mode: Literal["stub", "iterative"] = "stub"
    dnssec: bool = False
    root_hints: tuple[tuple[str, str], ...] = ()
    """Iterative: (name, address) of the root's servers; empty: the public root."""
    trust_anchors: tuple[str, ...] = ()
    """Iterative: DS or DNSKEY records as text; empty: the public root's, if that is used."""


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """How a connection is made."""

    family: Literal[4, 6] | None = None
    connect_to: tuple[tuple[str, int | None, str, int | None], ...] = ()
    """``--connect-to HOST1:PORT1:HOST2:PORT2``; an empty HOST1 or PORT1 (null) matches any."""
    interface: str | None = None
    """Device name, or a local address to bind."""
    timeout_s: float | None = 30.0
    """``--connect-timeout``: for name, TCP and TLS (or QUIC) together."""
    tap: Literal["auto", "on", "off"] = "auto"


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """How the connection is secured."""

    insecure: bool = False
    ca_file: str | None = None
    ca_path: str | None = None
    ca_pem: bytes | None = None
    """Root certificates given directly, instead of the default store."""
    cert_file: str | None = None
    key_file: str | None = None
    minimum: TlsVersion = "1.2"
    maximum: TlsVersion | None = None
    ciphers: str | None = None
    curves: str | None = None
    alpn: bool = True
    keylog_file: str | None = None
    """Null: SSLKEYLOGFILE, if it is set."""


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """What is asked, and how far answers are followed."""

    method: str | None = None
    headers: tuple[tuple[str, str | None], ...] = ()
    """In order; a null value removes a header that would be sent by default."""
    body: bytes | None = None
    content_type: str | None = None
    version: HttpVersion | None = None
    """Null: what ALPN and the HTTPS record allow."""
    only: bool = False
    """With version "3": no TCP beside it (``--http3-only``)."""
    follow: bool = False
    max_redirects: int = 50
    user_agent: str | None = None
    credentials: tuple[str, str] | None = None
    cookies: str | None = None
    cookie_jar: str | None = None
    """A Netscape cookie file to read (``-b FILE``)."""
    referer: str | None = None
    compressed: bool = True
    proxy: str | None = None
    """Null: the environment's; empty: none."""
    no_proxy: str | None = None
    fail: bool = False
    """``-f``: a status of 400 or more is an error (exit 22)."""


@dataclass(frozen=True, slots=True)
class LimitOptions:
    """Where a trace stops."""

    max_time_s: float | None = None
    """``-m``: for everything. Null: 300 s."""
    max_bytes: int | None = None
    """Stop reading content after this many bytes. Null: keep reading, keep nothing in memory."""
    max_header_bytes: int = 256 * 1024


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """All of the above."""

    resolve: ResolveOptions = field(default_factory=ResolveOptions)
    connect: ConnectOptions = field(default_factory=ConnectOptions)
    tls: TlsOptions = field(default_factory=TlsOptions)
    http: HttpOptions = field(default_factory=HttpOptions)
    limits: LimitOptions = field(default_factory=LimitOptions)
    show_secrets: bool = False
    """Keep credentials and cookies in the journey."""
    diagnose: bool = True
    """Look for findings when the trace is over; without it the journey has none."""
