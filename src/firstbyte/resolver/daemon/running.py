"""One process of the daemon under its signals: SIGHUP reloads, SIGTERM and SIGINT stop."""

import asyncio
import signal
from collections.abc import Callable

from firstbyte.errors import FirstbyteError
from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.daemon.config import Config
from firstbyte.resolver.daemon.daemon import Daemon
from firstbyte.resolver.daemon.saying import say, say_error
from firstbyte.resolver.daemon.shared_counts import WorkerCounts
from firstbyte.resolver.daemon.supervisor import notify_ready

READY = "ready"
GRACE_S = 1.0
"""How long questions that are under way may take when the daemon is told to stop."""
Configure = Callable[[], Config]
_SHOWN = {Channel.UDP: "", Channel.TLS: "DNS over TLS ", Channel.HTTPS: "DNS over HTTPS "}


async def run(
    configure: Configure,
    ready: Callable[[], object] | None = None,
    counts: WorkerCounts | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; on SIGHUP ask ``configure`` for the configuration anew.

    ``ready`` is called when questions are answered; without it, the word goes to stderr. ``counts``
    is given where this is one of several workers.
    """
    daemon = Daemon(configure(), counts=counts)
    await daemon.start()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: _reload(daemon, configure))
    if daemon.leads:
        _tell_places(daemon)
    if ready is None:
        say_ready()
    else:
        ready()
    try:
        await stop.wait()
        await _drain(daemon)
    finally:
        daemon.close()


def say_ready() -> None:
    """Questions are answered: tell whoever started the daemon."""
    say(READY)
    notify_ready()


def _tell_places(daemon: Daemon) -> None:
    for channel, words in _SHOWN.items():
        for address, port in daemon.endpoints.places[channel] if daemon.endpoints else ():
            say(f"listening {'for ' + words if words else ''}on {address} port {port}")


async def _drain(daemon: Daemon) -> None:
    """Let questions under way be answered, for a while, or until a second signal."""
    daemon.stop()
    service = daemon.service
    if service is None or not service.open:
        return
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    service.when_idle = done.set
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        loop.add_signal_handler(number, done.set)
    # The kernel's own timer: that of the loop never ends where a faked clock stands still.
    signal.setitimer(signal.ITIMER_REAL, GRACE_S)
    await done.wait()
    signal.setitimer(signal.ITIMER_REAL, 0)


def _reload(daemon: Daemon, configure: Configure) -> None:
    """Of several workers, which all do the same, one tells."""
    try:
        fixed = daemon.reload(configure())
    except FirstbyteError as error:
        if daemon.leads:
            say_error("not reloaded, the old configuration stays", error)
        return
    if daemon.leads:
        say("reloaded")
    if daemon.leads and fixed:
        say(f"warning: to change {', '.join(fixed)}, start again")
