"""The options of every command that makes requests, named as curl's, in groups.

``client_flags`` adds them to a command; ``cli.shell.client_options`` turns their values into
``TraceOptions``.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from firstbyte.cli.shell.grouped import FlagGroup, GroupedOption
from firstbyte.cli.shell.values import (
    ByteCount,
    ConnectTo,
    DnsServers,
    Endpoint,
    Seconds,
    StaticAddresses,
)

F = TypeVar("F", bound=Callable[..., Any])

_names = FlagGroup("Names")
_connect = FlagGroup("Connecting")
_tls = FlagGroup("TLS")
_version = FlagGroup("HTTP version")
_request = FlagGroup("Request")
_redirects = FlagGroup("Redirects, proxies, limits")

_FILE = click.Path(dir_okay=False)

NAMES = (
    _names(
        "--resolve",
        multiple=True,
        type=StaticAddresses(),
        metavar="HOST:PORT:ADDR",
        help="Take ADDR[,ADDR] for HOST:PORT instead of asking the DNS. HOST may be *.",
    ),
    _names(
        "--dns-servers",
        type=DnsServers(),
        metavar="ADDR[:PORT],…",
        help="Ask these DNS servers instead of the system's.",
    ),
    _names("--doh-url", metavar="URL", help="Ask this DNS-over-HTTPS server."),
    _names(
        "--dot",
        type=Endpoint(853),
        metavar="HOST[:PORT]",
        help="Ask this DNS-over-TLS server.",
    ),
    _names(
        "--dns",
        "dns_mode",
        type=click.Choice(["stub", "iterative"]),
        help="stub: as the system does it (default). iterative: from the root, each step shown.",
    ),
    _names(
        "--dnssec",
        is_flag=True,
        help="Validate, and show the verdict; this resolves from the root (--dns iterative).",
    ),
)

CONNECTING = (
    _connect("-4", "--ipv4", "family", flag_value="4", default=None, help="IPv4 alone."),
    _connect("-6", "--ipv6", "family", flag_value="6", default=None, help="IPv6 alone."),
    _connect(
        "--connect-to",
        multiple=True,
        type=ConnectTo(),
        metavar="HOST1:PORT1:HOST2:PORT2",
        help="For HOST1:PORT1 connect to HOST2:PORT2; URL, SNI and Host stay.",
    ),
    _connect("--interface", metavar="NAME|ADDR", help="Leave by this device or local address."),
    _connect(
        "--connect-timeout",
        type=Seconds(),
        metavar="SECONDS",
        help="Limit for name, TCP and TLS together. Default: 30.",
    ),
    _connect(
        "--tap",
        type=click.Choice(["auto", "on", "off"]),
        default="auto",
        help="Capture the connection's real packets; auto: when this process may.",
    ),
)

TLS = (
    _tls("-k", "--insecure", is_flag=True, help="Send the request even if verification fails."),
    _tls("--cacert", type=_FILE, metavar="FILE", help="Trust these roots (PEM), no others."),
    _tls(
        "--capath",
        type=click.Path(file_okay=False),
        metavar="DIR",
        help="Trust the roots in this hashed directory.",
    ),
    _tls("-E", "--cert", type=_FILE, metavar="FILE", help="Client certificate and chain (PEM)."),
    _tls("--key", type=_FILE, metavar="FILE", help="Client key (PEM), if it is not in --cert."),
    _tls("--tlsv1.2", "tls_min", flag_value="1.2", default=None, help="TLS 1.2 or later."),
    _tls("--tlsv1.3", "tls_min", flag_value="1.3", default=None, help="TLS 1.3 or later."),
    _tls(
        "--tls-max",
        type=click.Choice(["default", "1.2", "1.3"]),
        default="default",
        help="No TLS version above this.",
    ),
    _tls("--ciphers", metavar="LIST", help="Cipher suites to offer, in OpenSSL's words."),
    _tls("--curves", metavar="LIST", help="Groups to offer for the key exchange (X25519:P-256)."),
    _tls("--no-alpn", is_flag=True, help="Do not offer ALPN."),
)

VERSION = (
    _version("-0", "--http1.0", "http_version", flag_value="1.0", default=None, help="HTTP/1.0."),
    _version("--http1.1", "http_version", flag_value="1.1", default=None, help="HTTP/1.1."),
    _version("--http2", "http_version", flag_value="2", default=None, help="HTTP/2."),
    _version(
        "--http3",
        "http_version",
        flag_value="3",
        default=None,
        help="HTTP/3, with TCP racing beside it.",
    ),
    _version(
        "--http3-only",
        "http_version",
        flag_value="3-only",
        default=None,
        help="HTTP/3, nothing else.",
    ),
)

REQUEST = (
    _request("-X", "--request", metavar="METHOD", help="The method. Default: GET, POST with -d."),
    _request(
        "-H",
        "--header",
        "headers",
        multiple=True,
        metavar="LINE",
        help="Add 'Name: value'; 'Name:' removes a default field; @FILE reads lines.",
    ),
    _request(
        "-d",
        "--data",
        multiple=True,
        metavar="DATA",
        help="Content to post, joined with &; @FILE or @- reads it, without line ends.",
    ),
    _request("--data-raw", multiple=True, metavar="DATA", help="As -d, but @ means nothing."),
    _request("--data-binary", multiple=True, metavar="DATA", help="As -d, read as it is."),
    _request(
        "--data-urlencode",
        multiple=True,
        metavar="DATA",
        help="As -d, percent-encoded: content, =content, name=content, @file, name@file.",
    ),
    _request("--json-body", metavar="JSON", help="Post JSON (curl's --json); @FILE, @- read it."),
    _request("-I", "--head", is_flag=True, help="HEAD: header fields alone."),
    _request("-u", "--user", metavar="USER:PASSWORD", help="Basic authentication."),
    _request("-A", "--user-agent", metavar="NAME", help="User-Agent field."),
    _request("-e", "--referer", metavar="URL", help="Referer field."),
    _request(
        "-b",
        "--cookie",
        multiple=True,
        metavar="DATA|FILE",
        help="Cookies to send ('a=1; b=2'), or a Netscape cookie file.",
    ),
    _request(
        "--compressed/--no-compressed",
        default=True,
        help="Offer gzip, br, zstd and deflate. Default: on.",
    ),
)

REDIRECTS = (
    _redirects("-L", "--location", is_flag=True, help="Follow redirects."),
    _redirects(
        "--max-redirs", type=click.IntRange(min=-1), metavar="N", help="At most N. Default: 50."
    ),
    _redirects("-x", "--proxy", metavar="URL", help="Use this proxy; '' uses none."),
    _redirects("--noproxy", metavar="LIST", help="Hosts that are reached without the proxy."),
    _redirects("-f", "--fail", is_flag=True, help="A status of 400 or more is an error (exit 22)."),
    _redirects("-m", "--max-time", type=Seconds(), metavar="SECONDS", help="Limit for everything."),
    _redirects(
        "--max-bytes", type=ByteCount(), metavar="N", help="Stop reading content after N bytes."
    ),
)

ALL: tuple[GroupedOption, ...] = (
    *REQUEST,
    *REDIRECTS,
    *VERSION,
    *NAMES,
    *CONNECTING,
    *TLS,
)


def add_flags(command: F, flags: tuple[GroupedOption, ...]) -> F:
    """Declare ``flags`` on a function that becomes a command, before those that it has."""
    known: list[click.Parameter] = command.__dict__.setdefault("__click_params__", [])
    known.extend(reversed(flags))
    return command


def client_flags(command: F) -> F:
    """Declare all options of a request on a command's function."""
    return add_flags(command, ALL)
