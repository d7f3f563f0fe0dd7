"""Traces in a world, and the packets that a host saw of them, as a file."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from firstbyte.cli.shell.files import write_bytes
from firstbyte.cli.shell.running import run_in
from firstbyte.client.options import TraceOptions
from firstbyte.errors import UsageError

if TYPE_CHECKING:
    from firstbyte.lab.world import World
    from firstbyte.sim import Host
    from firstbyte.sim.capture import Capture


def capture_traces(
    world: "World",
    urls: Sequence[str],
    options: TraceOptions,
    wanted: tuple[str, str | None, str | None],
) -> int:
    """Trace ``urls`` one after another; write (file, host, interface). The first exit code.

    Raises:
        UsageError: there is no such host or interface.

    """
    file, host_name, interface = wanted
    host = _host(world, host_name)
    _check_interface(host, interface)

    codes = run_in(world, _trace_all(urls or [world.default_url], options))
    capture = _only(world.internet.capture(host), interface)
    write_bytes(file, capture.pcapng(world.internet.clock.epoch_ns))
    seen = ", ".join(sorted({seen.interface for seen in capture.seen})) or "no interface"
    keys = ", with the TLS keys" if capture.keylog else ""
    say(f"{file}: {len(capture.seen)} packets at {host.name} ({seen}){keys}")
    return next((code for code in codes if code), 0)


async def _trace_all(urls: Sequence[str], options: TraceOptions) -> list[int]:
    """The exit code of each; what failed is said."""
    from firstbyte.client.trace import trace

    codes = []
    for url in urls:
        outcome = (await trace(url, options)).outcome
        codes.append(outcome.exit_code)
        if outcome.error:
            say(f"{url}: {outcome.error.id}: {outcome.error.message}")
    return codes


def say(words: str) -> None:
    """Tell a person."""
    from firstbyte.rendering.escape import escape

    print(f"firstbyte: {escape(words)}", file=sys.stderr)


def _host(world: "World", name: str | None) -> "Host":
    hosts = world.internet.hosts
    if name is None:
        return world.client
    if name not in hosts:
        raise UsageError(
            f"the world {world.name} has no host {name!r}", f"hosts: {', '.join(hosts)}"
        )
    return hosts[name]


def _check_interface(host: "Host", name: str | None) -> None:
    names = [port.name for port in host.ports]
    if name is not None and name not in names:
        raise UsageError(
            f"{host.name} has no interface {name!r}", f"interfaces: {', '.join(names)}"
        )


def _only(capture: "Capture", interface: str | None) -> "Capture":
    if interface is not None:
        capture.seen = tuple(seen for seen in capture.seen if seen.interface == interface)
    return capture
