"""The root command: finds the others by file name, and takes a bare URL for ``trace``."""

import pkgutil
from importlib import import_module

import click

import firstbyte.cli
from firstbyte import __version__
from firstbyte.cli.shell.lab_words import behind_command

DEFAULT_COMMAND = "trace"
EPILOG = """\
\b
A first word that is no command is a URL: `firstbyte URL` is `firstbyte trace URL`.
`firstbyte trace --help` lists all of its options; they are named as curl's.
Results go to stdout, talk to stderr; exit codes are curl's.
"""


def command_names() -> list[str]:
    """The names of all commands: modules of ``firstbyte.cli`` without an underscore."""
    return sorted(
        module.name
        for module in pkgutil.iter_modules(firstbyte.cli.__path__)
        if not module.ispkg and "_" not in module.name
    )


class LazyGroup(click.Group):
    """A group whose commands are imported when they are run or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The default command first, the others by name."""
        return sorted(command_names(), key=lambda name: (name != DEFAULT_COMMAND, name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now."""
        if cmd_name not in command_names():
            return None
        command: click.Command = import_module(f"firstbyte.cli.{cmd_name}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``trace`` in front unless a command or an option of the group itself stands there."""
        own = {name for param in self.get_params(ctx) for name in param.opts}
        args = behind_command(args, command_names())
        if args and args[0] not in own and args[0] not in command_names():
            args = [DEFAULT_COMMAND, *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="firstbyte")
def root() -> None:
    """Trace one request through DNS, TCP, TLS, QUIC and HTTP, and explain it.

    Every millisecond and every round trip gets its cause; every fault gets its name, its evidence
    and its cure.
    """
