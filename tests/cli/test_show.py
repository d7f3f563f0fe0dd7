"""``firstbyte show``: saved journeys rendered again, and what is refused."""

import json

import msgspec
import pytest

from testbed.journeys import expired, finding, healthy, redirected


def test_a_saved_journey_is_rendered_as_the_page(firstbyte, saved) -> None:
    done = firstbyte("show", str(saved))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("https://shop.example/basket\n  200 OK · 58.4 kB")
    assert "time went to" in done.stdout


def test_stdin_is_the_default(firstbyte) -> None:
    done = firstbyte("show", "-q", stdin=healthy().to_json().decode())
    assert done.stdout.count("\n") == 1
    assert done.stdout.startswith("https://shop.example/basket  200 OK")


def test_json_lines_are_read_line_by_line(firstbyte) -> None:
    lines = b"\n".join(j.to_json() for j in (healthy(), redirected(), expired()))
    done = firstbyte("show", "-q", "-", stdin=lines.decode())
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["200", "200", "✖"]
    assert done.returncode == 0, "showing a failed journey is no failure"


def test_json_comes_out_as_it_went_in(firstbyte, saved) -> None:
    done = firstbyte("show", "--json", str(saved))
    assert json.loads(done.stdout) == json.loads(saved.read_text())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON"),
        ("nonsense", "is not JSON"),
        ('{"schema_version": 1}', "is no journey"),
        ("[1, 2]", "is no journey"),
        ('{"schema_version": 999, "future": true}', "a newer firstbyte wrote it"),
        ('{"a":1}\n{"b":2}\n', "line 1 is no journey"),
    ],
)
def test_what_is_no_journey_is_refused_in_words(firstbyte, text: str, words: str) -> None:
    done = firstbyte("show", "-", stdin=text)
    assert done.returncode == 26
    assert done.stdout == ""
    assert done.stderr.startswith("firstbyte: stdin ")
    assert words in done.stderr


def test_a_missing_file_is_told_in_words(firstbyte) -> None:
    done = firstbyte("show", "absent.json")
    assert (done.returncode, done.stdout) == (26, "")
    assert done.stderr == "firstbyte: cannot read absent.json: No such file or directory\n"


@pytest.mark.parametrize(
    ("fail_on", "code"), [("critical", 0), ("error", 0), ("warning", 110), ("info", 110)]
)
def test_fail_on_counts_that_severity_and_worse(firstbyte, fail_on: str, code: int) -> None:
    journey = msgspec.structs.replace(healthy(), findings=(finding("warning"),))
    done = firstbyte("show", "-q", "--fail-on", fail_on, stdin=journey.to_json().decode())
    assert done.returncode == code
