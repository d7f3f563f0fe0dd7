"""``firstbyte dns``: finds its own commands by file name (``cli/dns_NAME.py``).

A first word that is none of them is a question: ``firstbyte dns NAME`` is ``dns query NAME``.
"""

import click

from firstbyte.cli.shell.command_files import CommandFiles


@click.group(
    "dns",
    cls=CommandFiles,
    prefix="dns_",
    default="query",
    short_help="Resolve names from the root, prove them, serve them.",
)
def command() -> None:
    """Ask for names, resolve them from the root, prove them, serve them.

    `firstbyte dns NAME` asks; `firstbyte dns query --help` lists dig's words.
    """
