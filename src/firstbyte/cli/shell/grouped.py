"""Commands whose ``--help`` shows the options in named groups."""

from typing import Any

import click

OTHER = "Other"


class GroupedOption(click.Option):
    """An option that belongs to a named group of its command's help."""

    def __init__(self, *args: Any, group: str = OTHER, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help lists its options by group, in the order of declaration."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one definition list a group."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):  # arguments: in the usage
                groups.setdefault(getattr(param, "group", OTHER), []).append(record)
        for name, records in sorted(groups.items(), key=lambda item: item[0] == OTHER):
            with formatter.section(name):
                formatter.write_dl(records, col_max=34)


class FlagGroup:
    """Declares options of one group: ``FlagGroup("Names")("--doh-url", …)``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *declarations: str, **attributes: Any) -> GroupedOption:
        """One option of this group; arguments as for ``click.Option``."""
        return GroupedOption(declarations, group=self.name, **attributes)
