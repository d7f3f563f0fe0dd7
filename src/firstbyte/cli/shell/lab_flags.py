"""``--lab``: run the command in a private internet, in virtual time, instead of on the network."""

from collections.abc import Iterator

import click

from firstbyte.cli.shell.client_flags import F, add_flags
from firstbyte.cli.shell.grouped import FlagGroup, GroupedCommand
from firstbyte.cli.shell.lab_words import BARE

DEFAULT_WORLD = "default"
_lab = FlagGroup("Private internet")

LAB = (
    _lab(
        "--lab",
        metavar="[=WORLD]",
        help="Run in this world (`firstbyte lab` lists them), not on the real network: no root, "
        "no waiting, and the world's own resolver, DNS root and CA.",
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


def commands_with_lab(group: click.Group, path: str) -> Iterator[str]:
    """The commands of ``group`` that take ``--lab``, as they are typed after ``path``."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands_with_lab(command, f"{path}{name} ")
        elif isinstance(command, LabCommand):
            yield path + name


class LabCommand(GroupedCommand):
    """A command with ``--lab``: alone it means the default world, and never takes the next word."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give a bare ``--lab`` its value."""
        end = args.index("--") if "--" in args else len(args)
        own = [f"{BARE}={DEFAULT_WORLD}" if word == BARE else word for word in args[:end]]
        return super().parse_args(ctx, [*own, *args[end:]])
