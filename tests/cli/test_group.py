"""Finding commands, bare URLs, wrong command lines."""

import pytest

from firstbyte.cli.shell.entry import run
from firstbyte.cli.shell.group import root


def test_every_module_without_underscore_is_a_command() -> None:
    assert {"trace", "show"} <= set(root.names())
    for name in root.names():
        command = root.get_command(None, name)
        assert command.name == name
        assert command.get_short_help_str()


def test_without_words_the_help_is_shown(firstbyte) -> None:
    done = firstbyte()
    assert "Usage: firstbyte" in done.stdout + done.stderr
    assert done.returncode == 2


def test_a_first_option_of_trace_needs_no_command(firstbyte) -> None:
    assert "URL" in firstbyte("-q", "--help").stdout
    assert firstbyte("-q").stderr.startswith("firstbyte: no URL given\nhint: ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--nonsense", "https://a.example"], "--nonsense"),
        (["-m", "soon", "https://a.example"], "not a number of seconds"),
        (["--resolve", "a.example:443", "https://a.example"], "HOST:PORT:ADDR"),
        (["--json", "--jsonl", "https://a.example"], "exclude each other"),
        (["--json", "https://a.example", "https://b.example"], "--jsonl writes one"),
        (["--save", "-", "--json", "https://a.example"], "both want stdout"),
        (["--key", "k.pem", "https://a.example"], "--key needs --cert"),
        (["--dot", "a", "--doh-url", "https://b/", "https://a.example"], "exclude each other"),
        (["--tlsv1.3", "--tls-max", "1.2", "https://a.example"], "below"),
        (["-I", "-d", "x", "https://a.example"], "-I sends no content"),
        (["-H", "no colon", "https://a.example"], "write 'Name: value'"),
    ],
)
def test_a_wrong_command_line_is_told_with_a_hint(firstbyte, arguments, words) -> None:
    done = firstbyte(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("firstbyte: ")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_help_has_what_it_names_first_and_itself_last(capsys) -> None:
    assert run(["dns", "query", "--help"]) == 0
    shown = capsys.readouterr().out
    groups = [line for line in shown.splitlines() if line.endswith(":") and line[0] != " "]
    assert groups[0] == "Asking:"
    assert groups[-1] == "Other:"
    assert shown.count("[+word…]") == 1, "in the usage alone"
