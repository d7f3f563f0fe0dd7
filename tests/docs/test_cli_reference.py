"""docs/reference/cli.md is what the commands declare."""

from pathlib import Path

import click
import pytest

from firstbyte.cli.shell.group import root
from firstbyte.cli.shell.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def test_the_reference_is_up_to_date() -> None:
    assert PAGE.read_text() == reference(), "run `make reference` and commit docs/reference/cli.md"


@pytest.mark.parametrize("name", ["trace", "show"])
def test_every_option_has_words(name: str) -> None:
    command = root.get_command(None, name)
    context = click.Context(command)
    records = [param.get_help_record(context) for param in command.get_params(context)]
    assert all(words for names, words in filter(None, records) if names.startswith("-"))
