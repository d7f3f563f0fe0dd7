"""A group of commands that are files: found by name, imported when they are run or listed."""

import pkgutil
from importlib import import_module
from typing import Any

import click

import firstbyte.cli
from firstbyte.cli.shell.lab_words import behind_command


class CommandFiles(click.Group):
    """The commands in ``cli/PREFIXNAME.py``; without a prefix, those without an underscore.

    With a ``default``, a first word that is no command is the default one's: ``firstbyte URL`` is
    ``firstbyte trace URL``.
    """

    def __init__(
        self, *given: Any, prefix: str = "", default: str | None = None, **named: Any
    ) -> None:
        super().__init__(*given, **named)
        self.prefix = prefix
        self.default = default

    def names(self) -> list[str]:
        """The commands' names, in order."""
        modules = pkgutil.iter_modules(firstbyte.cli.__path__)
        files = [module.name for module in modules if not module.ispkg]
        if not self.prefix:
            return sorted(name for name in files if "_" not in name)
        own = (name for name in files if name.startswith(self.prefix))
        return sorted(name.removeprefix(self.prefix) for name in own)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The default command first, the others by name."""
        return sorted(self.names(), key=lambda name: (name != self.default, name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now."""
        if cmd_name not in self.names():
            return None
        found: click.Command = import_module(f"firstbyte.cli.{self.prefix}{cmd_name}").command
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the words of the world behind the command, and the default command in front."""
        own = {name for param in self.get_params(ctx) for name in param.opts}
        args = behind_command(args, self.names())
        if self.default and args and args[0] not in own and args[0] not in self.names():
            args = [self.default, *args]
        return super().parse_args(ctx, args)
