"""What a trace needs before it starts: the URL read, options settled, code and roots loaded."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from msgspec import Struct

from firstbyte.client.cookies import CookieJar
from firstbyte.client.establish import Means, Progress
from firstbyte.client.options import HttpOptions, ResolveOptions, TraceOptions
from firstbyte.client.requests import Ask, first_ask
from firstbyte.client.tapping import Taps
from firstbyte.client.urls import Url, parse_url
from firstbyte.events import Scope
from firstbyte.net.stream import Stream
from firstbyte.net.system import System
from firstbyte.net.tls import TlsStream, make_settings, start_tls
from firstbyte.resolver import hosts
from firstbyte.resolver.base import Resolver
from firstbyte.resolver.settings import StubSettings
from firstbyte.resolver.settings import make_settings as make_stub_settings
from firstbyte.resolver.stub import StubResolver


class Preparation(Struct, frozen=True):
    """The first request, and what connections are made with."""

    ask: Ask
    means: Means
    cookies: CookieJar


def prepare(
    url: str, options: TraceOptions, system: System, progress: Progress, taps: Taps
) -> Preparation:
    """Everything that can be done, or can fail, without the network.

    Raises:
        ConnectionLifeError: url.malformed, tls.ca_unreadable and their like.
        UsageError: the options contradict each other.

    """
    ask = first_ask(parse_url(url), options.http)
    progress.phase = "tls"
    tls = make_settings(options.tls, system)
    names = _stub_settings(options.resolve, system)
    _load_code(ask.url, options, system, names)
    if _may_need_tls(ask.url, options):
        tls.context()
    means = Means(options, system, _resolver(options, system, names), tls, progress, taps)
    return Preparation(ask, means, _cookie_jar(options.http))


def _cookie_jar(http: HttpOptions) -> CookieJar:
    """The cookies of ``-b FILE``; a file that cannot be read is an empty jar, as with curl."""
    jar = CookieJar()
    if http.cookie_jar is not None:
        with contextlib.suppress(OSError):
            jar.load(Path(http.cookie_jar).read_text(encoding="utf-8", errors="replace"))
    return jar


def _stub_settings(resolve: ResolveOptions, system: System) -> StubSettings:
    return make_stub_settings(
        resolv_conf=system.resolv_conf(),
        hosts_file=system.hosts_file(),
        environment=system.environment(),
        servers=resolve.servers,
        dot=resolve.dot,
        doh_url=resolve.doh_url,
        static=resolve.static,
        timeout_s=resolve.timeout_s,
    )


def _resolver(options: TraceOptions, system: System, names: StubSettings) -> Resolver:
    resolve = options.resolve
    # Like curl, -k does not reach the resolver: its server is always verified.
    secured = make_settings(replace(options.tls, insecure=False), system)

    async def start(
        stream: Stream, server_name: str, alpn: tuple[str, ...], scope: Scope
    ) -> TlsStream:
        return await start_tls(stream, secured, server_name, alpn, scope)

    stub = StubResolver(names, start)
    if resolve.mode != "iterative":
        return stub
    from firstbyte.resolver.iterative import IterativeResolver, make_iteration_settings

    iteration = make_iteration_settings(
        dnssec=resolve.dnssec,
        hints=resolve.root_hints or system.root_hints(),
        anchors=resolve.trust_anchors or (() if resolve.root_hints else system.dns_anchors()),
    )
    return IterativeResolver(iteration, stub)


def _load_code(url: Url, options: TraceOptions, system: System, names: StubSettings) -> None:
    """Import now what would otherwise be imported on first use, within a measured phase.

    In the private internet no phase gets longer by it, since its clock stands still while code
    runs: what a trace there does not use is not loaded.
    """
    if system.network == "kernel":
        for module in _modules(url, options, names):
            import_module(module)


_SIGNED_TYPES = tuple(
    f"dns.rdtypes.ANY.{name}" for name in ("DNSKEY", "DS", "NSEC", "NSEC3", "RRSIG")
)
"""What dnspython would load on showing the first record of each type."""


def _may_need_tls(url: Url, options: TraceOptions) -> bool:
    """The URL is secure, or a redirect may lead to one that is."""
    return url.scheme == "https" or options.http.follow


def _modules(url: Url, options: TraceOptions, names: StubSettings) -> Iterator[str]:
    yield "firstbyte.protocols.http.http1"
    if not url.is_address:
        yield "firstbyte.resolver.lookup"
        if options.resolve.mode == "iterative":
            yield from _SIGNED_TYPES
    if _may_need_tls(url, options):
        yield "firstbyte.net.tls_verify"
        if options.http.version in (None, "2", "3"):
            yield "firstbyte.protocols.http.http2"
        if options.http.version == "3" or _may_find_https_record(url, options, names):
            yield "firstbyte.client.quic"
    if options.connect.tap != "off":
        yield "firstbyte.net.packet_tap"


def _may_find_https_record(url: Url, options: TraceOptions, names: StubSettings) -> bool:
    """DNS will be asked, so an answer may lead to HTTP/3; loading that takes 0.1 s."""
    if url.is_address or options.http.version is not None:
        return False
    known = hosts.find(names.hosts, url.server_name)
    fixed = hosts.find_static(names.static, url.server_name, url.port)
    return not (known or fixed or url.server_name.endswith("localhost"))
