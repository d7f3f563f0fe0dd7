"""``firstbyte lab run``: a scenario from a file."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from firstbyte.lab.scenario.run import ProgramResult
    from firstbyte.rendering.look import Look

FAILED = 1


@click.command("run", short_help="Run a scenario: hosts, links, faults, programs.")
@click.argument("file", metavar="FILE.toml", type=click.Path(dir_okay=False))
@click.option("--seed", type=int, metavar="N", help="Instead of the file's seed.")
def command(file: str, seed: int | None) -> int:
    """Run the scenario in FILE.toml and say what came of each program.

    Exit code 0: every program ended as it should; 1: one did not. The format is in
    docs/reference/scenario.md.
    """
    from pathlib import Path

    from msgspec.structs import replace

    from firstbyte.cli.shell.terminal import look_of
    from firstbyte.lab.scenario import read_scenario, run_scenario
    from firstbyte.rendering.columns import columns

    path = Path(file)
    scenario = read_scenario(path)
    if seed is not None:
        scenario = replace(scenario, seed=seed)
    results = run_scenario(scenario, path.parent.resolve())
    rows = [("program", "host", "from", "to", "result")]
    for one in results:
        ended = "" if one.ended_s is None else f"{one.ended_s:.6f} s"
        words = f"{'ok' if one.ok else 'FAILED'}  {_short(one)}".rstrip()
        rows.append((one.name, one.host, f"{one.began_s:.6f} s", ended, words))
    if scenario.title:
        click.echo(scenario.title)
    click.echo("\n".join(columns(rows)))
    for line in _failures(results, look_of(sys.stdout)):
        click.echo(line)
    return 0 if all(one.ok for one in results) else FAILED


def _short(result: "ProgramResult") -> str:
    """A failure's name, a success's whole word."""
    return result.said if result.ok else result.said.partition(": ")[0]


def _failures(results: "Sequence[ProgramResult]", look: "Look") -> Iterator[str]:
    """Why programs failed, below the table: there is room."""
    from firstbyte.rendering.escape import escape
    from firstbyte.rendering.wrapping import wrap

    for one in results:
        if not one.ok and _short(one) != one.said:
            first, *more = wrap(escape(f"{one.name}: {one.said}"), look.width - 4)
            yield f"{look.glyphs.bad} {first}"
            yield from (f"    {line}" for line in more)
