"""The authoritative server as a process: sockets, signals, words on stderr."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from firstbyte.errors import FirstbyteError, UsageError
from firstbyte.net import system
from firstbyte.server.dns.answers import Manners
from firstbyte.server.dns.serving import NameServer
from firstbyte.server.dns.setup import Served, Wishes, prepare

READY = "ready"


@dataclass(frozen=True, slots=True)
class Job:
    """What the process is to do."""

    wishes: Wishes
    listen: Sequence[tuple[str, int]]
    manners: Manners


async def run(job: Job) -> int:
    """Serve until SIGTERM or SIGINT; SIGHUP reads the zone files again. The exit code.

    Raises:
        UsageError: something in ``job`` cannot be used, or an address cannot be bound.

    """
    served = prepare(job.wishes, system.current().wall_time_s())
    servers = [
        NameServer(served.zones, address, job.manners, served.treatments) for address in job.listen
    ]
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: _reload(job, servers))
    try:
        for server in servers:
            await _start(server)
        _announce(served, servers)
        await stop.wait()
    finally:
        for server in servers:
            await server.close()
    return 0


async def _start(server: NameServer) -> None:
    host, port = server.address
    try:
        await server.start()
    except OSError as error:
        hint = "a port below 1024 needs privileges" if 0 < port < 1024 else None
        raise UsageError(f"cannot listen on {host} port {port}: {error.strerror}", hint) from error


def _announce(served: Served, servers: Sequence[NameServer]) -> None:
    for line in served.anchors():
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    places = ", ".join(f"{host} port {port}" for host, port in (s.address for s in servers))
    _say(f"listening on {places}")
    _say(READY)


def _reload(job: Job, servers: Sequence[NameServer]) -> None:
    try:
        fresh = prepare(job.wishes, system.current().wall_time_s())
    except FirstbyteError as error:
        _say(f"not reloaded: {error}")
        return
    for server in servers:
        server.zones, server.treatments = fresh.zones, fresh.treatments
    for line in fresh.anchors():
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    _say("reloaded")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
