"""Which reports the output options ask for."""

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from firstbyte.cli.shell.page_text import failure_line, headline_line, page_text
from firstbyte.cli.shell.reports import JsonLines, Printed, Report, Verdict, pretty_json
from firstbyte.cli.shell.values import reject


def choose_reports(values: Mapping[str, Any], verdict: Verdict, count: int) -> list[Report]:
    """The reports for ``count`` URLs, the verdict first.

    Raises:
        UsageError: the options contradict each other.

    """
    _check(values, count)
    reports: list[Report] = [verdict]
    if values["save"]:
        reports.append(JsonLines(values["save"]))
    if values["har"]:
        from firstbyte.cli.shell.file_reports import Har

        reports.append(Har(values["har"]))
    on_stdout = _on_stdout(values)
    if on_stdout is not None:
        reports.append(on_stdout)
    if values["write_out"] is not None:
        from firstbyte.cli.shell.file_reports import WriteOut

        reports.append(WriteOut(values["write_out"], values.get("output")))
        if _says_failures(values):
            reports.append(Printed(failure_line, sys.stderr))
    return reports


def _on_stdout(values: Mapping[str, Any]) -> Report | None:
    """The page or its replacement; null when ``-w`` or a file option stands for it.

    With ``-o -`` the content is the result, and the page is talk: it goes to stderr.
    """
    if values["jsonl"]:
        return JsonLines("-")
    if values["as_json"]:
        return Printed(pretty_json, sys.stdout)
    if values["write_out"] is not None or "-" in (values["save"], values["har"]):
        return None
    stream = sys.stderr if values.get("output") == "-" else sys.stdout
    if values["quiet"]:
        return Printed(headline_line, stream)
    render = partial(page_text, ladder=values["ladder"], verbose=values["verbose"])
    return Printed(render, stream)


def _says_failures(values: Mapping[str, Any]) -> bool:
    """Of new traces only (`firstbyte show` has no such options), as curl does."""
    return bool(values.get("show_error") or not values.get("silent", True))


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
