"""docs/reference/cli.md is what the commands declare."""

from pathlib import Path

from firstbyte.cli.shell.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def test_the_reference_is_up_to_date() -> None:
    assert PAGE.read_text() == reference(), "run `make reference` and commit docs/reference/cli.md"


def test_every_option_has_words() -> None:
    for line in reference().splitlines():
        if line.startswith("| `-"):
            assert line.split(" | ")[-1].strip(" |"), line
