"""The options that say what is shown, of every command that shows journeys."""

import click

from firstbyte.cli.shell.client_flags import F, add_flags
from firstbyte.cli.shell.grouped import FlagGroup

SEVERITIES = ("critical", "error", "warning", "info")
"""As in ``journey.model``, which is not loaded for ``--help``."""

_show = FlagGroup("What is shown")
_files = FlagGroup("Files")
_many = FlagGroup("Many URLs")

SHOW = (
    _show("-q", "--quiet", is_flag=True, help="The headline alone."),
    _show("-v", "--verbose", is_flag=True, help="Details of every layer."),
    _show("--ladder", is_flag=True, help="A sequence diagram with every message."),
    _show("--json", "as_json", is_flag=True, help="The journey as JSON instead of the page."),
    _show("--jsonl", is_flag=True, help="JSON Lines: one journey a line, as each finishes."),
    _show(
        "-w",
        "--write-out",
        metavar="FORMAT",
        help="curl's: print FORMAT with %{variables} instead of the page; @FILE, @- read it.",
    ),
    _show(
        "--fail-on",
        type=click.Choice(SEVERITIES),
        help="Exit code 110 when a finding is that severe or worse.",
    ),
)
TALK = (
    _show(
        "-s", "--silent", is_flag=True, help="Neither progress nor, with -w, failures on stderr."
    ),
    _show("-S", "--show-error", is_flag=True, help="Failures on stderr also with -s."),
)
SECRETS = (_show("--show-secrets", is_flag=True, help="Do not redact credentials and cookies."),)
FILES = (
    _files("--save", metavar="FILE", help="Keep the journey for `firstbyte show`; - is stdout."),
    _files("--har", metavar="FILE", help="Write a HAR 1.2 archive; - is stdout."),
)
BODY = (_files("-o", "--output", metavar="FILE", help="Keep the decoded content; - is stdout."),)
MANY = (
    _many("--urls", "urls_file", metavar="FILE", help="URLs, one a line; - is stdin."),
    _many(
        "--concurrency",
        type=click.IntRange(1, 10_000),
        default=20,
        metavar="N",
        help="At most N traces at once. Default: 20.",
    ),
)


def journey_flags(command: F) -> F:
    """Options for what to show of a journey, made now or saved before."""
    return add_flags(command, (*SHOW, *FILES))


def trace_flags(command: F) -> F:
    """Options that only a new trace has."""
    return add_flags(command, (*TALK, *SECRETS, *BODY, *MANY))
