"""``firstbyte lab``: the worlds; its commands are found by file name (``cli/lab_NAME.py``)."""

import pkgutil
from collections.abc import Sequence
from importlib import import_module

import click

import firstbyte.cli
from firstbyte.cli.shell.lab_words import behind_command

PREFIX = "lab_"


def command_names() -> list[str]:
    """The names of the commands below ``lab``."""
    modules = pkgutil.iter_modules(firstbyte.cli.__path__)
    return sorted(
        module.name.removeprefix(PREFIX)
        for module in modules
        if module.name.startswith(PREFIX) and not module.ispkg
    )


class LabGroup(click.Group):
    """A group whose commands are imported when they are run or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """By name."""
        return command_names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now."""
        if cmd_name not in command_names():
            return None
        found: click.Command = import_module(f"firstbyte.cli.{PREFIX}{cmd_name}").command
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give a command the words of the world that stand in front of it."""
        return super().parse_args(ctx, behind_command(args, command_names()))


@click.group(
    "lab",
    cls=LabGroup,
    invoke_without_command=True,
    short_help="The private internet: worlds, their hosts, sites and faults.",
)
@click.pass_context
def command(context: click.Context) -> None:
    """List the worlds of the private internet, and the sites and hosts of the default one.

    `firstbyte --lab[=WORLD] [URL]` runs a trace inside one, in virtual time; `firstbyte lab show
    WORLD` draws one and says what to try in it.
    """
    if context.invoked_subcommand is None:
        from firstbyte.lab.drawing import host_rows, site_rows
        from firstbyte.lab.worlds import build_world, world_names, world_title
        from firstbyte.rendering.columns import columns

        worlds = [(name, world_title(name)) for name in world_names()]
        world = build_world()
        sections: dict[str, Sequence[Sequence[str]]] = {
            "Worlds: firstbyte --lab[=WORLD] [URL], firstbyte lab show WORLD": worlds,
            "Sites, with their round trips in the default world": site_rows(world),
            "Hosts of the default world": host_rows(world),
        }
        world.close()
        for title, rows in sections.items():
            click.echo("\n".join([title, *columns(rows), ""]))
        click.echo("Faults: firstbyte lab break. Experiments: firstbyte lab experiment.")
