"""``firstbyte lab show``: the topology of a world."""

import sys

import click


@click.command("show", short_help="Draw a world, and say what to try in it.")
@click.argument("world_name", metavar="[WORLD]", default="default")
def command(world_name: str) -> None:
    """Draw a world: the hosts as a tree from the client on, with the round trip of each link.

    Below stand commands to try there, with what each one shows.
    """
    from firstbyte.cli.shell.terminal import look_of
    from firstbyte.lab.drawing import draw_lessons, draw_topology
    from firstbyte.lab.worlds import build_world, world_lessons

    world = build_world(world_name)
    width = look_of(sys.stdout).width
    lines = draw_topology(world, width)
    lines += ["", "Try", *draw_lessons(world.name, world_lessons(world_name), width)]
    click.echo("\n".join(lines))
    world.close()
