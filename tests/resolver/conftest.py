"""Shared by the resolver's tests."""

import time
from contextlib import aclosing
from typing import Any

import pytest
from msgspec.structs import replace

from firstbyte.events import Event, Recorder
from firstbyte.resolver.base import Found, FoundAddresses, FoundHttps
from firstbyte.resolver.settings import StubSettings, make_settings
from firstbyte.resolver.stub import StubResolver
from testbed.dns_server import DnsServer


class Run:
    """One lookup with what it gave and told."""

    def __init__(self, found: list[Found], events: list[Event], error: Exception | None) -> None:
        self.found = found
        self.events = events
        self.error = error

    def addresses(self, family: int) -> tuple[str, ...] | None:
        return next(
            (
                f.addresses
                for f in self.found
                if isinstance(f, FoundAddresses) and f.family == family
            ),
            None,
        )

    @property
    def https(self) -> FoundHttps | None:
        return next((f for f in self.found if isinstance(f, FoundHttps)), None)

    def told(self, *types: str) -> list[Any]:
        return [event.what for event in self.events if event.type in types]

    @property
    def error_id(self) -> str | None:
        return getattr(self.error, "id", None)


class Bench:
    """Runs lookups against servers of a test."""

    @staticmethod
    def settings(
        *servers: DnsServer, timeout_s: float = 5, attempts: int = 2, **system: Any
    ) -> StubSettings:
        settings = make_settings(servers=tuple(server.address for server in servers))
        return replace(
            settings,
            system=replace(settings.system, timeout_s=timeout_s, attempts=attempts, **system),
        )

    @staticmethod
    async def run(settings: StubSettings | StubResolver, name: str, **options: Any) -> Run:
        resolver = settings if isinstance(settings, StubResolver) else StubResolver(settings)
        recorder = Recorder(time.monotonic_ns, "kernel")
        found: list[Found] = []
        error = None
        try:
            async with aclosing(resolver.lookup(name, recorder.scope(), **options)) as lookup:
                found.extend([item async for item in lookup])
        except Exception as caught:
            error = caught
        return Run(found, recorder.events, error)


@pytest.fixture
def bench() -> type[Bench]:
    return Bench
