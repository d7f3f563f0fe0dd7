"""``--lab``: run the command in a private internet, in virtual time, instead of on the network."""

import click

from firstbyte.cli.shell.client_flags import F, add_flags
from firstbyte.cli.shell.grouped import FlagGroup, GroupedCommand

DEFAULT_WORLD = "default"
_lab = FlagGroup("Private internet")

LAB = (
    _lab(
        "--lab",
        metavar="[=WORLD]",
        help="Run in this world (`firstbyte lab` lists them), not on the real network. No root, "
        "no waiting; without a URL: the world's default site.",
    ),
    _lab(
        "--fault",
        "faults",
        multiple=True,
        metavar="ID",
        help="Break the world so (`firstbyte lab break` lists the faults).",
    ),
    _lab("--seed", type=int, metavar="N", help="The world's seed: equal seeds, equal runs."),
)


def lab_flags(command: F) -> F:
    """Options of every command that can run in a world."""
    return add_flags(command, LAB)


class LabCommand(GroupedCommand):
    """A command with ``--lab``: alone it means the default world, and never takes the URL."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give a bare ``--lab`` its value."""
        end = args.index("--") if "--" in args else len(args)
        own = [f"--lab={DEFAULT_WORLD}" if word == "--lab" else word for word in args[:end]]
        return super().parse_args(ctx, [*own, *args[end:]])
