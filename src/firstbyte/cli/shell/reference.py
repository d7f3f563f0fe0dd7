"""docs/reference/cli.md, written from the commands themselves: ``make reference`` prints it."""

import sys
from collections.abc import Iterator

import click

from firstbyte.cli.shell.group import root
from firstbyte.cli.shell.grouped import OTHER

HEAD = """\
# The command line

Written by `make reference` from the commands' own declarations; a test holds it to them.
`firstbyte URL` is `firstbyte trace URL`: a first word that is no command is a URL. Options are
named as curl's where curl has them. [Exit codes](exit-codes.md) are curl's.
"""


def reference() -> str:
    """The whole page, Markdown."""
    context = click.Context(root, info_name="firstbyte")
    sections = [HEAD]
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        if command is not None and not command.hidden:
            sections.extend(_command(command, f"firstbyte {name}"))
    return "\n".join(sections)


def _command(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    yield f"## {path}\n\n    {usage}\n\n{_prose(command.help or '')}\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            part = command.get_command(context, name)
            if part is not None and not part.hidden:
                yield from _command(part, f"{path} {name}")
    yield from _options(command, context)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record is not None and isinstance(param, click.Option) and "--help" not in param.opts:
            groups.setdefault(getattr(param, "group", OTHER), []).append(record)
    for group, records in groups.items():
        rows = "\n".join(f"| `{_cell(names)}` | {_cell(words)} |" for names, words in records)
        yield f"### {path_title(group)}\n\n| option | meaning |\n|---|---|\n{rows}\n"


def path_title(group: str) -> str:
    """A group's heading; the unnamed group is just "Options"."""
    return "Options" if group == OTHER else group


def _prose(text: str) -> str:
    paragraphs = text.replace("\b\n", "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(reference())
