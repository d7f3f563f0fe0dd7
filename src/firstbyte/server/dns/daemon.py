"""The authoritative server as a process: sockets, signals, words on stderr."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from firstbyte.errors import FirstbyteError
from firstbyte.net import system
from firstbyte.net.listening import cannot_listen
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import to_text
from firstbyte.server.dns.answers import Manners
from firstbyte.server.dns.notify import notify
from firstbyte.server.dns.serving import NameServer
from firstbyte.server.dns.setup import Wishes, prepare
from firstbyte.server.dns.zone import Zone

READY = "ready"


@dataclass(frozen=True, slots=True)
class Job:
    """What the process is to do."""

    wishes: Wishes
    listen: Sequence[tuple[str, int]]
    manners: Manners
    notify: Sequence[tuple[str, int]] = ()
    """Secondaries that are told of new versions (RFC 1996)."""


async def run(job: Job) -> int:
    """Serve until SIGTERM or SIGINT; SIGHUP reads the zone files again. The exit code.

    Raises:
        UsageError: something in ``job`` cannot be used, or an address cannot be bound.

    """
    return await _Process(job).run()


class _Process:
    """The servers, and what changes under them."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._served = prepare(job.wishes, system.current().wall_time_s())
        self._servers = [
            NameServer(self._served.zones, address, job.manners, self._served.treatments)
            for address in job.listen
        ]
        self._notifying: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        try:
            for server in self._servers:
                await _start(server)
            self._announce()
            self._notify(list(self._served.places.values()))
            self._arm()
            await stop.wait()
        finally:
            await self._close()
        return 0

    async def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for task in self._notifying:
            task.cancel()
        for server in self._servers:
            await server.close()

    def _announce(self) -> None:
        _print(self._served.anchors())
        places = ", ".join(
            f"{host} port {port}" for host, port in (s.address for s in self._servers)
        )
        self._remark()
        for zone in self._served.places.values():
            _say(f"zone {to_text(zone.apex)} serial {zone.serial}, {_described(zone)}")
        _say(f"listening on {places}")
        _say(READY)

    def _remark(self) -> None:
        for remark in self._served.remarks:
            _say(f"warning: {remark}")

    def _reload(self) -> None:
        try:
            self._renew()
        except FirstbyteError as error:
            _say(f"not reloaded: {error}")
            return
        _say("reloaded")

    def _renew(self, *, resign: bool = False) -> None:
        """Read the files again, and tell secondaries of what is new."""
        now_s = system.current().wall_time_s()
        before = self._served
        fresh = prepare(self._job.wishes, now_s, before, resign=resign)
        self._served = fresh
        for server in self._servers:
            server.zones, server.treatments = fresh.zones, fresh.treatments
        _print([line for line in fresh.anchors() if line not in before.anchors()])
        self._remark()
        self._notify([z for at, z in fresh.places.items() if before.places.get(at) is not z])

    # signatures ------------------------------------------------------------------------------

    def _arm(self) -> None:
        """Signatures are renewed at half of their life; those made on demand renew themselves."""
        policy = self._job.wishes.policy
        if policy is not None and not policy.online:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(policy.validity_s / 2, self._resign)

    def _resign(self) -> None:
        try:
            self._renew(resign=True)
        except FirstbyteError as error:
            _say(f"not signed again: {error}")
        else:
            _say("signed again")
        self._arm()

    # secondaries -----------------------------------------------------------------------------

    def _notify(self, zones: Sequence[Zone]) -> None:
        for zone in zones:
            for server in self._job.notify:
                task = asyncio.create_task(_tell(zone.soa, server))
                self._notifying.add(task)
                task.add_done_callback(self._notifying.discard)


async def _tell(soa: RRset, server: tuple[str, int]) -> None:
    if not await notify(soa, server):
        host, port = server
        _say(f"warning: {host} port {port} does not answer a NOTIFY for {to_text(soa.key)}")


def _described(zone: Zone) -> str:
    names = sum(map(bool, zone.nodes.values()))
    signed = "not signed" if zone.denial is None else "signed"
    return f"{names} {'name' if names == 1 else 'names'}, {signed}"


async def _start(server: NameServer) -> None:
    try:
        await server.start()
    except OSError as error:
        raise cannot_listen(server.address, error) from error


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
