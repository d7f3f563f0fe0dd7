"""The root command: finds the others by file name, and takes a bare URL for ``trace``."""

import click

from firstbyte import __version__
from firstbyte.cli.shell.command_files import CommandFiles

EPILOG = """\
\b
A first word that is no command is a URL: `firstbyte URL` is `firstbyte trace URL`.
`firstbyte trace --help` lists all of its options; they are named as curl's.
Results go to stdout, talk to stderr; exit codes are curl's.
"""


@click.group(
    cls=CommandFiles,
    default="trace",
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="firstbyte")
def root() -> None:
    """Trace one request through DNS, TCP, TLS, QUIC and HTTP, and explain it.

    Every millisecond and every round trip gets its cause; every fault gets its name, its evidence
    and its cure.
    """
