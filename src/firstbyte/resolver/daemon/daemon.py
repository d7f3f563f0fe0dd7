"""The daemon as a whole, in one process: start, reload, stop."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from firstbyte.errors import UsageError
from firstbyte.resolver.daemon.access import AccessList, RateLimiter
from firstbyte.resolver.daemon.anchor_keeper import AnchorKeeper
from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.daemon.clock import make_clock
from firstbyte.resolver.daemon.config import Config, driver_settings, machine_settings
from firstbyte.resolver.daemon.endpoints import Endpoints, bind_stream
from firstbyte.resolver.daemon.identity import Identity
from firstbyte.resolver.daemon.metrics import exposition, serve_metrics
from firstbyte.resolver.daemon.parsing import endpoint
from firstbyte.resolver.daemon.replies import Manners
from firstbyte.resolver.daemon.saying import say
from firstbyte.resolver.daemon.service import Counting, Rules, Service
from firstbyte.resolver.daemon.shared_counts import Samples, WorkerCounts
from firstbyte.resolver.daemon.statistics import Statistics
from firstbyte.resolver.driver import Driver
from firstbyte.resolver.machine.values import Server

FIXED_KEYS = ("listen", "tls_listen", "https_listen", "workers", "metrics")
"""What is bound at the start cannot be changed by a reload."""


@dataclass(slots=True)
class Daemon:
    """A running resolver for others. ``start`` it, then ``close`` it."""

    config: Config
    statistics: Statistics = field(default_factory=Statistics)
    service: Service | None = None
    counts: WorkerCounts | None = None
    """Where there are several workers, this one's place among them."""
    keeper: AnchorKeeper | None = None
    endpoints: Endpoints | None = None
    _metrics: asyncio.Server | None = None
    _publisher: asyncio.Task[None] | None = None
    _retired: list[Driver] = field(default_factory=list)
    """Of configurations before; they answer what they have begun."""

    @property
    def ports(self) -> list[Server]:
        """The addresses of UDP and TCP, once started."""
        return self._places(Channel.UDP)

    @property
    def tls_ports(self) -> list[Server]:
        """The addresses of DNS over TLS."""
        return self._places(Channel.TLS)

    @property
    def https_ports(self) -> list[Server]:
        """The addresses of DNS over HTTPS."""
        return self._places(Channel.HTTPS)

    def _places(self, channel: Channel) -> list[Server]:
        return [] if self.endpoints is None else self.endpoints.places[channel]

    async def start(self) -> None:
        """Open the sockets and begin to answer.

        Raises:
            UsageError: the configuration cannot be used, or an address cannot be bound.

        """
        keeper = self._make_keeper(self.config)
        self.service = self._make_service(self.config)
        self.endpoints = Endpoints(self.service)
        await self.endpoints.open(self.config)
        if self.config.metrics:
            await self._start_metrics(endpoint(self.config.metrics, "metrics"))
        self._keep(keeper)

    async def _start_metrics(self, address: Server) -> None:
        """The leading worker answers; the others tell it."""
        if self.leads:
            self._metrics = await serve_metrics(bind_stream(address), self._exposition)
        elif self.counts is not None:
            published = self.counts.publish(self._samples)
            self._publisher = asyncio.get_running_loop().create_task(published)

    @property
    def leads(self) -> bool:
        """Whether this worker, or the only process, keeps what is common to all."""
        return self.counts is None or self.counts.leads

    def _must_serve(self) -> Service:
        if self.service is None:
            raise UsageError("the daemon is not started")
        return self.service

    def _make_service(self, config: Config) -> Service:
        clock = make_clock(config.clock_file)
        driver = Driver(
            machine_settings(config), driver_settings(config), clock, Counting(self.statistics)
        )
        counts = self.counts
        secret, workers = (None, 1) if counts is None else (counts.secret, counts.workers)
        return Service(driver, clock, _rules(config, workers), self.statistics, secret)

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

    def reload(self, config: Config) -> list[str]:
        """Take a new configuration: all but the sockets. What was cached is dropped.

        The keys that would need a new start are given back. Questions under way are still answered
        as they were begun.

        Raises:
            UsageError: it cannot be used; then the old one stays.

        """
        service, endpoints = self._must_serve(), self.endpoints
        keeper = self._make_keeper(config)
        fresh = self._make_service(config)
        if endpoints is not None:
            endpoints.check(config)
            endpoints.adapt(config)
        fixed = [key for key in FIXED_KEYS if getattr(config, key) != getattr(self.config, key)]
        self._retire(service.driver)
        self.config = config
        service.driver, service.clock, service.rules = fresh.driver, fresh.clock, fresh.rules
        service.clear()
        self._keep(keeper)
        return fixed

    def _retire(self, driver: Driver) -> None:
        """Let a driver answer what it has begun, and close it then."""

        def end() -> None:
            self._retired.remove(driver)
            driver.close()

        self._retired.append(driver)
        asyncio.get_running_loop().call_later(self.config.question_timeout + 1, end)

    def _exposition(self) -> str:
        own = self._samples()
        for (zone, state), count in self.keeper.states().items() if self.keeper else ():
            own[f'trust_anchor_keys{{zone="{zone}",state="{state}"}}'] = count
        return exposition(own if self.counts is None else self.counts.total(own))

    def _samples(self) -> Samples:
        service, endpoints = self._must_serve(), self.endpoints
        finder = service.driver.machine.finder
        gauges = {
            "open_questions": service.open,
            "open_connections": 0 if endpoints is None else endpoints.connections,
            "cache_entries": len(finder.cache),
            "cache_bytes": finder.cache.bytes,
            "wire_cache_entries": len(service.wire),
            "known_servers": len(finder.servers),
        }
        return self.statistics.samples() | gauges

    def stop(self) -> None:
        """Take no more questions; those under way are still answered."""
        if self.endpoints is not None:
            self.endpoints.stop()

    def close(self) -> None:
        """End: questions that are under way get no answer."""
        if self.endpoints is not None:
            self.endpoints.close()
        if self._metrics is not None:
            self._metrics.close()
        if self._publisher is not None:
            self._publisher.cancel()
        if self.keeper is not None:
            self.keeper.close()
        if self.service is not None:
            self.service.driver.close()
        for driver in self._retired:
            driver.close()


def _rules(config: Config, workers: int) -> Rules:
    manners = Manners(
        config.edns_buffer_size,
        config.ede,
        config.minimal_responses,
        config.tcp_idle_timeout,
        Identity(config.identity, config.version),
    )
    return Rules(AccessList(config.allow), RateLimiter(config.rate_limit, workers), manners)
