"""Each contract runs on the machine's own loop over loopback, and in the private internet."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Protocol

import pytest

from firstbyte.sim import Internet


class Network(Protocol):
    """Where a contract runs. ``server`` is the address at which its servers listen."""

    name: str
    server: str

    def run(self, scenario: Callable[["Network"], Coroutine[Any, Any, None]]) -> None: ...

    async def at_server(self, work: Awaitable[Any]) -> Any:
        """Run ``work`` where the server lives."""
        ...


class Kernel:
    name = "kernel"
    server = "127.0.0.1"

    def run(self, scenario: Callable[[Network], Coroutine[Any, Any, None]]) -> None:
        asyncio.run(scenario(self))

    def close(self) -> None:
        """Nothing is left."""

    async def at_server(self, work: Awaitable[Any]) -> Any:
        return await work


class Loopback:
    """One simulated host, over its loopback."""

    name = "loopback"
    server = "127.0.0.1"

    def __init__(self) -> None:
        self.internet = Internet(seed=1)
        self.machine = self.internet.host("machine")

    def run(self, scenario: Callable[[Network], Coroutine[Any, Any, None]]) -> None:
        self.internet.run(until=self.machine.run(scenario(self)))

    def close(self) -> None:
        self.internet.close()

    async def at_server(self, work: Awaitable[Any]) -> Any:
        return await work


class TwoHosts:
    """Two simulated hosts, 10 ms apart."""

    name = "two hosts"

    def __init__(self) -> None:
        self.internet = Internet(seed=1)
        self.client = self.internet.host("client")
        self.machine = self.internet.host("server")
        self.internet.link(self.client, self.machine, rtt_s=0.010)
        self.server = self.machine.address

    def run(self, scenario: Callable[[Network], Coroutine[Any, Any, None]]) -> None:
        self.internet.run(until=self.client.run(scenario(self)))

    def close(self) -> None:
        self.internet.close()

    async def at_server(self, work: Awaitable[Any]) -> Any:
        return await self.machine.run(work)


@pytest.fixture(params=[Kernel, Loopback, TwoHosts], ids=lambda kind: kind.name)
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    made = request.param()
    yield made
    made.close()
