"""``firstbyte lab experiment``: textbook claims, measured."""

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from firstbyte.lab.experiments.experiment import Experiment

DEFAULT_SEED = 1
EPILOG = """\
\b
Examples:
  firstbyte lab experiment
  firstbyte lab experiment dns-poisoning
  firstbyte lab experiment dns-poisoning --set packets_per_s=100000 --set races=200
"""


@click.command("experiment", epilog=EPILOG, short_help="Measure a textbook's claim.")
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--set", "changes", multiple=True, metavar="NAME=N", help="Change a number of it.")
@click.option(
    "--seed", type=int, default=DEFAULT_SEED, metavar="N", help="Equal seeds, equal runs."
)
@click.option("--json", "as_json", is_flag=True, help="The result as JSON.")
def command(name: str | None, changes: tuple[str, ...], seed: int, as_json: bool) -> None:
    """List the experiments; with NAME, run one: what is measured beside what is computed.

    It runs in virtual time and needs no network. Progress is shown on stderr.
    """
    from firstbyte.cli.shell.progress import counted
    from firstbyte.lab.experiments import all_experiments, find_experiment

    if name is None:
        for experiment in all_experiments().values():
            click.echo("\n".join(_described(experiment)))
        return
    experiment = find_experiment(name)
    settings = _settings(experiment, changes)
    with counted(experiment.name) as watch:
        result = experiment.run(settings, seed, watch)
    _print(experiment, result, as_json=as_json)


def _described(experiment: "Experiment") -> list[str]:
    from msgspec.structs import asdict

    from firstbyte.rendering.columns import columns

    defaults = asdict(experiment.settings())
    return [
        f"{experiment.name}: {experiment.title}",
        f"  {experiment.claim}",
        *columns([(f"--set {name}={value:g}",) for name, value in defaults.items()], "  "),
    ]


def _settings(experiment: "Experiment", changes: tuple[str, ...]) -> Any:
    import msgspec

    from firstbyte.cli.shell.values import reject

    given = dict(change.partition("=")[::2] for change in changes)
    known = experiment.settings.__struct_fields__
    for name in given:
        if name not in known:
            reject(f"{experiment.name} has no number {name!r}", f"numbers: {', '.join(known)}")
    try:
        return msgspec.convert(given, experiment.settings, strict=False)
    except msgspec.ValidationError as error:
        reject(f"--set: {error}", "write --set NAME=NUMBER")


def _print(experiment: "Experiment", result: Any, *, as_json: bool) -> None:
    if as_json:
        import msgspec

        text = msgspec.json.format(msgspec.json.encode(experiment.facts(result)), indent=2).decode()
        sys.stdout.write(text + "\n")
        return
    from firstbyte.cli.shell.terminal import has_colour, look_of
    from firstbyte.rendering.paint import paint

    look = look_of(sys.stdout)
    drawn = experiment.draw(result, look)
    sys.stdout.write(paint(drawn, width=look.width, colour=has_colour(sys.stdout)))
