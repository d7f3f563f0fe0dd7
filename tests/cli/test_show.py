"""``firstbyte show``: saved journeys rendered again, and what is refused."""

import json
import os
import subprocess
import sys

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


def test_write_out_stands_for_the_page(firstbyte, saved) -> None:
    done = firstbyte(
        "show", "-w", r"%{http_code} %{stderr}late\n%{stdout}%{time_total}\n", str(saved)
    )
    assert done.stdout == "200 0.182300\n"
    assert done.stderr == "late\n"


def test_write_out_reads_its_format_from_a_file(firstbyte, saved, tmp_path) -> None:
    (tmp_path / "format").write_text("%{exitcode}%output{out.txt}%{method}")
    assert firstbyte("show", "-w", "@format", str(saved)).stdout == "0"
    assert (tmp_path / "out.txt").read_text() == "GET"


def test_a_har_is_written_beside_the_page_or_to_stdout(firstbyte, saved, tmp_path) -> None:
    assert "200 OK" in firstbyte("show", "--har", "out.har", str(saved)).stdout
    written = json.loads((tmp_path / "out.har").read_text())
    assert written["log"]["entries"][0]["response"]["status"] == 200
    assert json.loads(firstbyte("show", "--har", "-", str(saved)).stdout) == written


@pytest.mark.parametrize("option", ["--har", "--save", "-w"])
def test_what_cannot_be_written_is_told(firstbyte, saved, option: str) -> None:
    value = "%output{absent/x}y" if option == "-w" else "absent/x"
    done = firstbyte("show", option, value, str(saved))
    assert done.returncode == 23
    assert done.stderr == "firstbyte: cannot write absent/x: No such file or directory\n"


def test_a_reader_that_went_away_ends_it_quietly(saved) -> None:
    command = f"{sys.executable} -m firstbyte show -v --ladder {saved} | head -n 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("https://shop.example/basket")
    assert done.stderr == ""
    assert done.returncode in {0, 23}


def test_a_reader_that_never_was_ends_it_with_curls_code(saved) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "firstbyte", "show", str(saved)]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (23, b"")


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "0"}, False),
    ],
)
def test_colours_come_only_when_wanted(firstbyte, saved, environment, coloured: bool) -> None:
    assert ("\x1b[" in firstbyte("show", str(saved), **environment).stdout) is coloured


def test_columns_and_dumb_terminals_are_honoured(firstbyte, saved) -> None:
    wide = firstbyte("show", str(saved), COLUMNS="140").stdout
    assert 100 < max(map(len, wide.splitlines())) <= 140
    assert firstbyte("show", str(saved), TERM="dumb").stdout.isascii()


def test_an_old_encoding_gets_ascii(firstbyte, saved) -> None:
    environment = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"}
    assert firstbyte("show", str(saved), **environment).stdout.isascii()
