"""``firstbyte lab break``: the faults that a world can be given, and what a trace makes of one."""

import click


@click.command("break", short_help="List the faults, or trace a world that has one.")
@click.argument("fault", metavar="[FAULT]", required=False)
@click.argument("url", metavar="[URL]", required=False)
def command(fault: str | None, url: str | None) -> int | None:
    """List the faults; with FAULT, break the default world so and trace URL in it.

    A fault has the id of the finding that a trace then shows: `firstbyte explain FAULT`. The long
    form, with all options of a trace, is `firstbyte --lab --fault FAULT [URL]`.
    """
    if fault is None:
        from firstbyte.lab.faults import all_faults
        from firstbyte.rendering.columns import columns

        rows = [(one.id, one.title) for one in all_faults().values()]
        click.echo("\n".join(columns(rows, indent="")))
        return None
    from firstbyte.cli.trace import command as trace

    words = ["--lab", "--fault", fault, *([url] if url else [])]
    code: int | None = trace.main(words, prog_name="firstbyte trace", standalone_mode=False)
    return code
