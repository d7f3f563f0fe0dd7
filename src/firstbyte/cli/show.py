"""``firstbyte show FILE``: a saved journey, rendered again."""

from collections.abc import Mapping
from typing import Any

import click

from firstbyte.cli.shell.grouped import GroupedCommand
from firstbyte.cli.shell.output_flags import journey_flags


@click.command(
    "show", cls=GroupedCommand, short_help="Render a saved journey (--save, --json, --jsonl)."
)
@journey_flags
@click.argument("file", default="-")
def command(file: str, **values: Any) -> int:
    """Render the journeys in FILE again; - or nothing is stdin.

    FILE is what --save, --json or --jsonl wrote. The exit code is 0 when it could be read; with
    --fail-on, 110 if a finding in it is that severe.
    """
    from firstbyte.cli.shell.saved import read_journeys

    return _report(read_journeys(file), values)


def _report(journeys: list[Any], values: Mapping[str, Any]) -> int:
    from firstbyte.cli.shell.choose_reports import choose_reports
    from firstbyte.cli.shell.reports import Verdict

    verdict = Verdict(values["fail_on"], outcomes=False)
    reports = choose_reports(values, verdict, len(journeys))
    for index, journey in enumerate(journeys):
        for report in reports:
            report.add(index, journey)
    for report in reports:
        report.close()
    return verdict.exit_code
