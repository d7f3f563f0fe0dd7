"""The daemon as a whole: start, reload on SIGHUP, stop on SIGTERM."""

import asyncio
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from firstbyte.errors import FirstbyteError, UsageError
from firstbyte.resolver.daemon.access import AccessList, RateLimiter
from firstbyte.resolver.daemon.anchor_keeper import AnchorKeeper
from firstbyte.resolver.daemon.clock import make_clock
from firstbyte.resolver.daemon.config import Config, driver_settings, machine_settings
from firstbyte.resolver.daemon.doh.listener import DohListener
from firstbyte.resolver.daemon.listeners import TcpListener, UdpListener, bind
from firstbyte.resolver.daemon.metrics import serve_metrics
from firstbyte.resolver.daemon.parsing import endpoint
from firstbyte.resolver.daemon.replies import Manners
from firstbyte.resolver.daemon.saying import say
from firstbyte.resolver.daemon.service import Counting, Rules, Service
from firstbyte.resolver.daemon.statistics import Statistics
from firstbyte.resolver.daemon.tls_context import server_context
from firstbyte.resolver.driver import Driver

READY = "ready"
DOT_PORT = 853
HTTPS_PORT = 443
Configure = Callable[[], Config]


@dataclass(slots=True)
class Daemon:
    """A running resolver for others. ``start`` it, then ``close`` it."""

    config: Config
    statistics: Statistics = field(default_factory=Statistics)
    ports: list[tuple[str, int]] = field(default_factory=list)
    """The addresses that it really listens on, once started."""
    service: Service | None = None
    tls_ports: list[tuple[str, int]] = field(default_factory=list)
    https_ports: list[tuple[str, int]] = field(default_factory=list)
    _doh: list[DohListener] = field(default_factory=list)
    _udp: list[UdpListener] = field(default_factory=list)
    _tcp: list[TcpListener] = field(default_factory=list)
    leads: bool = True
    """Of several workers with one configuration, the one that keeps their common files."""
    keeper: AnchorKeeper | None = None
    _metrics: asyncio.Server | None = None

    async def start(self) -> None:
        """Open the sockets and begin to answer.

        Raises:
            UsageError: the configuration cannot be used, or an address cannot be bound.

        """
        keeper = self._make_keeper(self.config)
        self.service = self._make_service(self.config)
        shared = self.config.workers > 1
        for address in self.config.listeners():
            udp, tcp = _bind_pair(address, shared=shared)
            self.ports.append(udp.getsockname()[:2])
            self._udp.append(UdpListener(udp, self.service))
            listener = TcpListener(
                self.service, self.config.max_tcp_connections, self.config.tcp_idle_timeout
            )
            await listener.start(tcp)
            self._tcp.append(listener)
        await self._start_secure(shared=shared)
        if self.config.metrics:
            address = endpoint(self.config.metrics, "metrics")
            self._metrics = await serve_metrics(address, self._exposition)
        self._keep(keeper)

    async def _start_secure(self, *, shared: bool) -> None:
        """DNS over TLS and over HTTPS, where they are configured."""
        config, service = self.config, self._must_serve()
        most, idle_s = config.max_tcp_connections, config.tcp_idle_timeout
        for text in config.tls_listen:
            context = server_context(config.tls_certificate, config.tls_key, ["dot"])
            sock = _bind_stream(endpoint(text, "tls_listen", DOT_PORT), shared=shared)
            dot = TcpListener(service, most, idle_s)
            await dot.start(sock, context)
            self._tcp.append(dot)
            self.tls_ports.append(sock.getsockname()[:2])
        for text in config.https_listen:
            context = server_context(config.tls_certificate, config.tls_key, ["h2", "http/1.1"])
            sock = _bind_stream(endpoint(text, "https_listen", HTTPS_PORT), shared=shared)
            doh = DohListener(self._answer_https, most, idle_s)
            await doh.start(sock, context)
            self._doh.append(doh)
            self.https_ports.append(sock.getsockname()[:2])

    def _must_serve(self) -> Service:
        if self.service is None:
            raise UsageError("the daemon is not started")
        return self.service

    def _answer_https(self, query: bytes, client: str, reply: Callable[[bytes], None]) -> None:
        service = self._must_serve()
        self.statistics.questions["https"] += 1
        service.ask(query, client, reply, service.moment(), udp=False)

    def _make_service(self, config: Config) -> Service:
        clock = make_clock(config.clock_file)
        driver = Driver(
            machine_settings(config), driver_settings(config), clock, Counting(self.statistics)
        )
        return Service(driver, clock, _rules(config), self.statistics)

    def _make_keeper(self, config: Config) -> AnchorKeeper | None:
        if config.trust_anchor_state is None or not config.validate:
            return None
        path = Path(config.trust_anchor_state)
        configured = machine_settings(config).validation.anchors
        keeper = AnchorKeeper(path, configured, say, allow_sha1=config.allow_sha1, leads=self.leads)
        if self.keeper is not None:
            keeper.inherit(self.keeper)
        return keeper

    def _keep(self, keeper: AnchorKeeper | None) -> None:
        if self.keeper is not None:
            self.keeper.close()
        self.keeper = keeper
        if keeper is not None:
            keeper.start(self._must_serve())

    def reload(self, config: Config) -> None:
        """Take a new configuration: all but the sockets. What was cached is dropped.

        Raises:
            UsageError: it cannot be used; then the old one stays.

        """
        keeper = self._make_keeper(config)
        fresh = self._make_service(config)
        old = self.service
        self.config = config
        if old is None:
            self.service = fresh
            return
        old.driver.close()
        old.driver, old.clock, old.rules = fresh.driver, fresh.clock, fresh.rules
        old.clear()
        self._keep(keeper)

    def _exposition(self) -> str:
        if self.service is None:
            return ""
        resolution = self.service.driver.machine.resolution
        gauges = {
            "cache_entries": float(len(resolution.cache)),
            "cache_bytes": float(resolution.cache.bytes),
            "wire_cache_entries": float(len(self.service.wire)),
            "known_servers": float(len(resolution.servers)),
        }
        return self.statistics.exposition(gauges)

    def close(self) -> None:
        """Stop: no new questions, and the open ones get no answer."""
        for udp in self._udp:
            udp.close()
        for tcp in self._tcp:
            tcp.close()
        for doh in self._doh:
            doh.close()
        if self._metrics is not None:
            self._metrics.close()
        if self.keeper is not None:
            self.keeper.close()
        if self.service is not None:
            self.service.driver.close()


def _bind_pair(address: tuple[str, int], *, shared: bool) -> tuple[socket.socket, socket.socket]:
    """UDP and TCP on the same port; port 0 takes one that is free for both."""
    last: OSError | None = None
    for _ in range(8 if address[1] == 0 else 1):
        try:
            udp = bind(address, socket.SOCK_DGRAM, shared=shared)
        except OSError as error:
            last = error
            break
        try:
            return udp, bind(udp.getsockname()[:2], socket.SOCK_STREAM, shared=shared)
        except OSError as error:
            udp.close()
            last = error
    hint = "a port below 1024 needs privileges" if 0 < address[1] < 1024 else None
    raise UsageError(f"cannot listen on {address[0]} port {address[1]}: {last}", hint)


def _bind_stream(address: tuple[str, int], *, shared: bool) -> socket.socket:
    try:
        return bind(address, socket.SOCK_STREAM, shared=shared)
    except OSError as error:
        raise UsageError(f"cannot listen on {address[0]} port {address[1]}: {error}") from error


def _rules(config: Config) -> Rules:
    manners = Manners(config.edns_buffer_size, config.ede, config.minimal_responses)
    return Rules(AccessList(config.allow), RateLimiter(config.rate_limit), manners, config.prefetch)


async def run(
    configure: Configure, ready: Callable[[], object] | None = None, *, leads: bool = True
) -> None:
    """Serve until SIGTERM or SIGINT; on SIGHUP ask ``configure`` for the configuration anew.

    ``ready`` is called when questions are answered; without it, the word goes to stderr.
    """
    daemon = Daemon(configure(), leads=leads)
    await daemon.start()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: _reload(daemon, configure))
    places = ", ".join(f"{address} port {port}" for address, port in daemon.ports)
    say(f"listening on {places}")
    for kind, ports in (("TLS", daemon.tls_ports), ("HTTPS", daemon.https_ports)):
        for address, port in ports:
            say(f"listening for DNS over {kind} on {address} port {port}")
    if ready is None:
        say(READY)
    else:
        ready()
    try:
        await stop.wait()
    finally:
        daemon.close()


def _reload(daemon: Daemon, configure: Configure) -> None:
    try:
        daemon.reload(configure())
    except FirstbyteError as error:
        say(f"not reloaded: {error}")
    else:
        say("reloaded")
