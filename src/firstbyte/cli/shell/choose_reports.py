"""Which reports the output options ask for."""

from collections.abc import Mapping
from typing import Any

from firstbyte.cli.shell.page_text import headline_line, page_text
from firstbyte.cli.shell.reports import JsonLines, Printed, Report, Verdict, pretty_json
from firstbyte.cli.shell.values import reject

_ON_STDOUT = ("as_json", "jsonl", "write_out")


def choose_reports(values: Mapping[str, Any], verdict: Verdict, count: int) -> list[Report]:
    """The reports for ``count`` URLs, the verdict first.

    Raises:
        UsageError: the options contradict each other.

    """
    _check(values, count)
    reports: list[Report] = [verdict]
    if values["save"]:
        reports.append(JsonLines(values["save"]))
    on_stdout = _on_stdout(values)
    if on_stdout is not None:
        reports.append(on_stdout)
    return reports


def _on_stdout(values: Mapping[str, Any]) -> Report | None:
    """What stdout gets; null when a file option or ``-o -`` took it."""
    if values["jsonl"]:
        return JsonLines("-")
    if values["as_json"]:
        return Printed(pretty_json)
    if "-" in (values["save"], values["har"]):
        return None
    if values["quiet"]:
        return Printed(lambda _, journey: headline_line(journey))
    ladder, verbose = values["ladder"], values["verbose"]
    return Printed(lambda _, journey: page_text(journey, ladder=ladder, verbose=verbose))


def _check(values: Mapping[str, Any], count: int) -> None:
    if values["as_json"] and values["jsonl"]:
        reject("--json and --jsonl exclude each other")
    if values["as_json"] and count > 1:
        reject(f"--json is for one URL, {count} were given", "--jsonl writes one journey a line")
    stdout_takers = [
        name
        for name, taken in (
            ("--json", values["as_json"]),
            ("--jsonl", values["jsonl"]),
            ("--save -", values["save"] == "-"),
            ("--har -", values["har"] == "-"),
            ("-o -", values.get("output") == "-"),
        )
        if taken
    ]
    if len(stdout_takers) > 1:
        reject(f"{' and '.join(stdout_takers)} both want stdout", "give one of them a file")
