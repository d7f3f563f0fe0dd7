"""Traces in a world, and the packets that a host saw of them, as a file."""

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
    from firstbyte.client.trace import trace

    file, host_name, interface = wanted
    host = _host(world, host_name)
    _check_interface(host, interface)

    async def job() -> list[int]:
        return [
            (await trace(url, options)).outcome.exit_code for url in urls or [world.default_url]
        ]

    codes = run_in(world, job())
    capture = _only(world.internet.capture(host), interface)
    write_bytes(file, capture.pcapng(world.internet.clock.epoch_ns))
    return next((code for code in codes if code), 0)


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
