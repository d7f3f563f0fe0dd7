"""``firstbyte lab run``: a scenario from a file."""

import click

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
        words = f"{'ok' if one.ok else 'FAILED'}  {one.said}".rstrip()
        rows.append((one.name, one.host, f"{one.began_s:.6f} s", ended, words))
    if scenario.title:
        click.echo(scenario.title)
    click.echo("\n".join(columns(rows)))
    return 0 if all(one.ok for one in results) else FAILED
