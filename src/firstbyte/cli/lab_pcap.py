"""``firstbyte lab pcap``: what an interface saw, for Wireshark."""

from typing import Any

import click

from firstbyte.cli.shell.client_flags import ALL, F, add_flags
from firstbyte.cli.shell.lab_flags import DEFAULT_WORLD, LabCommand, lab_flags


def _request_flags(command: F) -> F:
    """All options of a request but curl's --interface: here the word means the capture's."""
    return add_flags(command, tuple(flag for flag in ALL if flag.name != "interface"))


@click.command(
    "pcap", cls=LabCommand, short_help="Trace in a world, and keep what a host's interface saw."
)
@click.option("-o", "--output", "file", required=True, metavar="FILE", help="The pcapng file.")
@click.option("--host", "host_name", metavar="NAME", help="Whose interfaces. Default: the client.")
@click.option("--interface", "interface_name", metavar="NAME", help="This interface (eth0) alone.")
@_request_flags
@lab_flags
@click.argument("urls", nargs=-1, metavar="[URL…]")
def command(
    file: str,
    host_name: str | None,
    interface_name: str | None,
    urls: tuple[str, ...],
    **values: Any,
) -> int:
    """Trace each URL in a world and write a host's packets, with the TLS keys inside.

    Without a URL: the world's default site.

    Wireshark and tshark decrypt the file as it is: its key log is in a Decryption Secrets Block.
    """
    from firstbyte.cli.shell.client_options import trace_options
    from firstbyte.cli.shell.in_world import world_of
    from firstbyte.cli.shell.lab_capture import capture_traces

    values |= {"lab": values["lab"] or DEFAULT_WORLD, "interface": None}
    world = world_of(values)
    if world is None:
        return 2
    options = trace_options(values, show_secrets=True)
    return capture_traces(world, urls, options, (file, host_name, interface_name))
