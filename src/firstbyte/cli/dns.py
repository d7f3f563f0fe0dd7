"""``firstbyte dns``: finds its own commands by file name (``cli/dns_NAME.py``)."""

import pkgutil
from importlib import import_module

import click

import firstbyte.cli

PREFIX = "dns_"


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
        """By name."""
        return command_names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now."""
        if cmd_name not in command_names():
            return None
        found: click.Command = import_module(f"firstbyte.cli.{PREFIX}{cmd_name}").command
        return found


@click.group("dns", cls=DnsGroup, short_help="Resolve names from the root, prove them, serve them.")
def command() -> None:
    """Resolve names from the root, prove them, serve them."""
