"""Runs a scenario: its programs at their times, its faults, and what came of each."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from firstbyte.errors import UsageError
from firstbyte.journey.model import Journey
from firstbyte.lab.scenario.build import build_scenario, find_host, find_link
from firstbyte.lab.scenario.model import FaultTable, ProgramTable, Scenario
from firstbyte.lab.world import World
from firstbyte.sim import TimeLimit
from firstbyte.sim.clock import to_ns

MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """One program: ``ok``, when it began and ended (virtual seconds; null: it never did)."""

    name: str
    host: str
    ok: bool
    began_s: float
    ended_s: float | None
    said: str
    value: object = None


def run_scenario(scenario: Scenario, directory: Path | None = None) -> list[ProgramResult]:
    """Run it to its end: when every program that is not in the background is done.

    ``directory`` is where the programs' modules are looked for first. Raises:

        UsageError: the scenario names what is not there.
    """
    with _importing_from(directory):
        functions = [_load(table) for table in scenario.programs]
    with build_scenario(scenario) as world:
        for fault in scenario.faults:
            _plan(world, fault)
        runs = [
            _Run(world, table, function)
            for table, function in zip(scenario.programs, functions, strict=True)
        ]
        waited = [run.task for run in runs if not run.table.background]

        async def all_done() -> None:
            await asyncio.wait(waited)

        try:
            if waited:
                # On no host: it must outlive their crashes.
                done = world.internet.loop.create_task(all_done())
                world.internet.run(until=done, limit_s=scenario.limit_s)
        except TimeLimit:
            for task in waited:
                task.cancel()
        return [run.result() for run in runs]


class _Run:
    """A program that is planned, running or done."""

    def __init__(
        self, world: World, table: ProgramTable, function: Callable[..., Awaitable[object]]
    ) -> None:
        self.table = table
        self._world = world
        self._function = function
        self._ended_s: float | None = None
        self._host = find_host(world.internet, table.host)
        # Planned on no host: it is not there yet when the host crashes and comes back before.
        self.task = world.internet.loop.create_task(self._start(), name=f"start {self.name}")

    @property
    def name(self) -> str:
        return self.table.name or self.table.run.partition(":")[2]

    async def _start(self) -> object:
        await asyncio.sleep(self.table.at_s)
        return await self._host.run(self._run(), name=self.name)

    async def _run(self) -> object:
        await self._host.online()
        try:
            return await self._function(*self.table.arguments)
        finally:
            self._ended_s = self._world.internet.time_s

    def result(self) -> ProgramResult:
        ok, said, value = self._outcome()
        table = self.table
        return ProgramResult(self.name, table.host, ok, table.at_s, self._ended_s, said, value)

    def _outcome(self) -> tuple[bool, str, object]:
        if not self.task.done():
            return self.table.background, "still running", None
        if self.task.cancelled():
            return False, "cancelled", None
        error = self.task.exception()
        expected = self.table.expect
        if error is not None:
            said = f"{type(error).__name__}: {error}".rstrip(": ")
            return type(error).__name__ == expected, said, None
        value = self.task.result()
        if expected is not None:
            return False, f"expected {expected}, got {_short(value)}", value
        return _is_good(value), _short(value), value


def _is_good(value: object) -> bool:
    return value.outcome.ok if isinstance(value, Journey) else True


def _short(value: object) -> str:
    if isinstance(value, Journey):
        hop = value.hops[-1] if value.hops else None
        error = value.outcome.error
        return (
            f"{error.id}: {error.message}" if error else f"{hop.status if hop else ''} {value.url}"
        )
    text = "" if value is None else repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _plan(world: World, fault: FaultTable) -> None:
    """Have the fault happen at its time.

    Raises:
        UsageError: it names no host or link, or one that is not there.

    """
    internet = world.internet
    act: Callable[[], Any]
    if fault.action in {"cut", "mend", "change"}:
        if fault.link is None:
            raise UsageError(f"the fault {fault.action!r} needs a link", 'link = ["a", "b"]')
        link = find_link(internet, fault.link)
        settings = dict(fault.settings)
        act = {"cut": link.cut, "mend": link.mend, "change": lambda: link.set(**settings)}[
            fault.action
        ]
    else:
        if fault.host is None:
            raise UsageError(f"the fault {fault.action!r} needs a host", 'host = "a"')
        act = getattr(find_host(internet, fault.host), fault.action)
    internet.agenda.add(internet.clock.now_ns + to_ns(fault.at_s), act)


def _load(table: ProgramTable) -> Callable[..., Awaitable[object]]:
    module, _, name = table.run.partition(":")
    hint = 'write run = "module:function"; modules beside the scenario are found'
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"cannot load the program {table.run!r}: {error}", hint) from error
    if not callable(function):
        raise UsageError(f"the program {table.run!r} is no function", hint)
    loaded: Callable[..., Awaitable[object]] = function
    return loaded


@contextmanager
def _importing_from(directory: Path | None) -> Iterator[None]:
    if directory is None:
        yield
        return
    sys.path.insert(0, str(directory))
    try:
        yield
    finally:
        sys.path.remove(str(directory))
