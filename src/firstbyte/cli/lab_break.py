"""``firstbyte lab break``: the faults that a world can be given, and what a trace makes of one."""

import sys

import click

from firstbyte.cli.shell.lab_flags import DEFAULT_WORLD, LabCommand


@click.command("break", cls=LabCommand, short_help="List the faults, or trace a world with one.")
@click.option("--lab", metavar="=WORLD", default=DEFAULT_WORLD, help="This world, not the default.")
@click.option("--seed", type=int, metavar="N", help="The world's seed: equal seeds, equal runs.")
@click.argument("fault", metavar="[FAULT]", required=False)
@click.argument("url", metavar="[URL]", required=False)
def command(fault: str | None, url: str | None, lab: str, seed: int | None) -> int | None:
    """List the faults; with FAULT, break a world so and trace URL in it.

    A fault has the id of the finding that a trace then shows: `firstbyte explain FAULT`. The long
    form, with all options of a trace, is `firstbyte --lab --fault FAULT [URL]`.
    """
    if fault is None:
        from firstbyte.cli.shell.terminal import look_of
        from firstbyte.lab.faults import all_faults
        from firstbyte.rendering.columns import columns

        rows = [(one.id, one.title) for one in all_faults().values()]
        click.echo("\n".join(columns(rows, "", look_of(sys.stdout).width)))
        click.echo("\nOne of them: firstbyte lab break FAULT [URL]")
        return None
    from firstbyte.cli.trace import command as trace

    words = [f"--lab={lab}", "--fault", fault, *([url] if url else [])]
    words += [] if seed is None else ["--seed", str(seed)]
    code: int | None = trace.main(words, prog_name="firstbyte trace", standalone_mode=False)
    return code
