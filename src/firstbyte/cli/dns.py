"""``firstbyte dns``: finds its own commands by file name (``cli/dns_NAME.py``).

A first word that is none of them is a question: ``firstbyte dns NAME`` is ``dns query NAME``.
"""

import pkgutil
from importlib import import_module

import click

import firstbyte.cli
from firstbyte.cli.shell.lab_words import behind_command

PREFIX = "dns_"
DEFAULT_COMMAND = "query"


def command_names() -> list[str]:
    """The names of the commands below ``dns``."""
    modules = pkgutil.iter_modules(firstbyte.cli.__path__)
    return sorted(
        module.name.removeprefix(PREFIX)
        for module in modules
        if module.name.startswith(PREFIX) and not module.ispkg
    )


class DnsGroup(click.Group):
    """A group whose commands are imported when they are run or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The default command first, the others by name."""
        return sorted(command_names(), key=lambda name: (name != DEFAULT_COMMAND, name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now."""
        if cmd_name not in command_names():
            return None
        found: click.Command = import_module(f"firstbyte.cli.{PREFIX}{cmd_name}").command
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``query`` in front unless a command or an option of the group itself stands there."""
        own = {name for param in self.get_params(ctx) for name in param.opts}
        args = behind_command(args, command_names())
        if args and args[0] not in own and args[0] not in command_names():
            args = [DEFAULT_COMMAND, *args]
        return super().parse_args(ctx, args)


@click.group("dns", cls=DnsGroup, short_help="Resolve names from the root, prove them, serve them.")
def command() -> None:
    """Ask for names, resolve them from the root, prove them, serve them.

    `firstbyte dns NAME` asks; `firstbyte dns query --help` lists dig's words.
    """
