"""``firstbyte trace URL…``: one request, every phase, every round trip, and what is wrong."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from firstbyte.cli.shell.client_flags import client_flags
from firstbyte.cli.shell.lab_flags import LabCommand, lab_flags
from firstbyte.cli.shell.output_flags import journey_flags, trace_flags

if TYPE_CHECKING:
    from firstbyte.lab.world import World

EPILOG = """\
\b
Examples:
  firstbyte https://example.org/
  firstbyte --lab
  firstbyte --ladder -v --http3 https://example.org/
  firstbyte -w '%{time_starttransfer}\\n' https://example.org/
  firstbyte --urls list.txt --jsonl > journeys.jsonl
\b
Exit codes are curl's: 0 done, 2 usage, 3 malformed URL, 6 name, 7 connection, 18 short,
22 status (with -f), 28 time limit, 35 TLS handshake, 47 redirects, 52 empty reply,
56 reset, 60 certificate, 95 and 96 HTTP/3; 110 a finding (with --fail-on).
Of several URLs, the first that failed gives the code.
"""


@click.command(
    "trace",
    cls=LabCommand,
    epilog=EPILOG,
    short_help="One request: every phase, every round trip, what is wrong.",
)
@journey_flags
@trace_flags
@client_flags
@lab_flags
@click.argument("urls", nargs=-1, metavar="URL…")
def command(urls: tuple[str, ...], **values: Any) -> int:
    """Trace a request to each URL and explain it.

    A URL without a scheme is taken as http://, as curl does.
    """
    from firstbyte.cli.shell.in_world import world_of

    world = world_of(values)
    wanted = _urls(urls, values["urls_file"])
    if not wanted and world is not None:
        wanted = [world.default_url]
    if not wanted:
        from firstbyte.cli.shell.values import reject

        reject("no URL given", "firstbyte URL, or --urls FILE, or --lab")
    return _run(wanted, values, world)


def _urls(given: tuple[str, ...], file: str | None) -> list[str]:
    return [*given, *(_read_urls(file) if file else ())]


def _read_urls(file: str) -> list[str]:
    """The lines of a file; empty lines and those that begin with # are left out."""
    from firstbyte.cli.shell.files import read_text

    lines = (line.strip() for line in read_text(file).splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _shows_segments(values: Mapping[str, Any], url_count: int) -> bool:
    """Whether captured segments can matter to what is shown: a tap costs each trace some 10 ms."""
    headline_alone = values["quiet"] or values["write_out"] is not None
    kept = values["save"] or values["as_json"] or values["ladder"]
    return url_count == 1 and bool(kept or not headline_alone)


def _shows_findings(values: Mapping[str, Any]) -> bool:
    """Whether findings are shown, kept or counted: looking for them takes some 10 ms."""
    kept = ("save", "as_json", "jsonl", "har", "fail_on")
    headline_alone = values["quiet"] or values["write_out"] is not None
    return not headline_alone or any(values[name] for name in kept)


def _run(urls: Sequence[str], values: Mapping[str, Any], world: "World | None") -> int:
    from dataclasses import replace

    from firstbyte.cli.shell.batch import Batch, trace_all
    from firstbyte.cli.shell.body_file import body_file
    from firstbyte.cli.shell.choose_reports import choose_reports
    from firstbyte.cli.shell.client_options import trace_options
    from firstbyte.cli.shell.reports import Verdict
    from firstbyte.cli.shell.running import run, run_in

    options = trace_options(values, show_secrets=values["show_secrets"])
    if values["tap"] == "auto" and not _shows_segments(values, len(urls)):
        options = replace(options, connect=replace(options.connect, tap="off"))
    options = replace(options, diagnose=_shows_findings(values))
    verdict = Verdict(values["fail_on"])
    reports = choose_reports(values, verdict, len(urls))

    def deliver(index: int, journey: Any) -> None:
        for report in reports:
            report.add(index, journey)

    try:
        with body_file(values["output"], len(urls)) as sink:
            batch = Batch(
                urls, options, values["concurrency"], deliver, sink, silent=values["silent"]
            )
            job = trace_all(batch)
            if world is None:
                run(job)
            else:
                run_in(world, job)
    finally:
        for report in reports:
            report.close()
    return verdict.exit_code
