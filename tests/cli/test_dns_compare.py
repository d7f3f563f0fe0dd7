"""``firstbyte dns compare``: its exit codes and forms."""

import json

from firstbyte.cli.shell.entry import run


def test_no_server_answers(capsys):
    words = ["dns", "compare", "x.test", "--servers", "127.0.0.1:1"]
    assert run(words) == 1
    assert "connection refused" in capsys.readouterr().out
    assert run([*words, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["seen"][0]["rcode"] is None


def test_usage(capsys):
    assert run(["dns", "compare", "x.test", "NOTYPE"]) == 2
    assert run(["dns", "compare"]) == 2
    assert run(["dns", "compare", "x.test", "--servers", ","]) == 2
    assert "hint" in capsys.readouterr().err
