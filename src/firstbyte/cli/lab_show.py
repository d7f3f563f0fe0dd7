"""``firstbyte lab show``: the topology of a world."""

import sys

import click


@click.command("show", short_help="Draw a world's topology.")
@click.argument("world_name", metavar="[WORLD]", default="default")
def command(world_name: str) -> None:
    """Draw a world: the hosts as a tree from the client on, with the round trip of each link."""
    from firstbyte.cli.shell.terminal import look_of
    from firstbyte.lab.drawing import draw_topology
    from firstbyte.lab.worlds import build_world

    world = build_world(world_name)
    click.echo("\n".join(draw_topology(world, look_of(sys.stdout).width)))
    world.close()
