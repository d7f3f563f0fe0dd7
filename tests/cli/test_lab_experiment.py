"""``firstbyte lab experiment``: measured claims."""

import json

import pytest

from firstbyte.cli.shell.entry import run

QUICK = ["lab", "experiment", "dns-poisoning", "--set", "races=40"]


def test_experiments_are_listed_with_their_numbers(capsys):
    assert run(["lab", "experiment"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("dns-poisoning: ")
    assert "--set races=5000" in out


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_has_a_row_for_each_defence_within_the_width(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    assert run(QUICK) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    for words in ("sequential ID", "port, random ID", "port and ID ", "0x20", "DNSSEC"):
        assert sum(words in line for line in lines) == 1, words
    assert any("right port" in line for line in lines) == (width == 120)


def test_the_seed_repeats_it_and_json_tells_all(capsys):
    def rows(seed):
        assert run([*QUICK, "--set", "packets_per_s=20000", "--json", "--seed", seed]) == 0
        result = json.loads(capsys.readouterr().out)
        assert result["attack"]["races"] == 40
        return result["rows"]

    first = rows("4")
    assert rows("4") == first
    assert rows("5") != first
    assert [row["agrees"] for row in first] == [True] * 5
    assert first[1]["interval_95"][0] <= first[1]["computed"] <= first[1]["interval_95"][1]
    assert first[4]["even_odds_s"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nope"], "experiments: dns-poisoning"),
        (["dns-poisoning", "--set", "tries=3"], "numbers: packets_per_s"),
        (["dns-poisoning", "--set", "races=0"], "NAME=NUMBER"),
        (["dns-poisoning", "--set", "races"], "NAME=NUMBER"),
    ],
)
def test_what_cannot_be_run_is_refused_with_a_hint(capsys, words, said):
    assert run(["lab", "experiment", *words]) == 2
    assert said in capsys.readouterr().err


def test_progress_is_shown_on_a_terminal_alone(capsys, monkeypatch):
    monkeypatch.setattr("firstbyte.cli.shell.progress.FIRST_AFTER_S", 0.0)
    monkeypatch.setattr("firstbyte.cli.shell.progress.EVERY_S", 0.0)
    assert run(QUICK) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert run(QUICK) == 0
    assert "dns-poisoning · 199/200" in capsys.readouterr().err
