"""``firstbyte lab``: the worlds; its commands are found by file name (``cli/lab_NAME.py``)."""

from collections.abc import Sequence

import click

from firstbyte.cli.shell.command_files import CommandFiles


@click.group(
    "lab",
    cls=CommandFiles,
    prefix="lab_",
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
