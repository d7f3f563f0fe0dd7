"""``firstbyte dns NAME``: where it asks, what it prints, its exit codes."""

import io
import json
import os
import subprocess
import sys

import pytest

from firstbyte.cli.shell.entry import run
from firstbyte.server.dns.serving import NameServer
from firstbyte.server.dns.zone_set import ZoneSet
from testbed.name_server import parent_zone
from testbed.threaded_name_server import serving_port


@pytest.fixture(scope="module")
def port():
    """A name server on a loop of its own: the command runs its own, too."""
    with serving_port(lambda: NameServer(ZoneSet([parent_zone()]))) as port:
        yield port


def told(capsys, *words):
    code = run(["dns", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_name_is_a_question(port, capsys):
    code, out, _ = told(capsys, "www.example.org", "AAAA", "@127.0.0.1", "-p", port)
    assert code == 0
    assert out.startswith("www.example.org AAAA  NOERROR\n")
    assert "2001:db8::80" in out


def test_short_and_digs_sections(port, capsys):
    at = ("@127.0.0.1", "-p", port)
    assert told(capsys, "+short", "alias.example.org", *at)[1] == "www.example.org.\n192.0.2.80\n"
    assert told(capsys, "mail.example.org", "+noall", "+answer", *at)[1] == (
        "mail.example.org.\t3600\tIN\tA\t192.0.2.10\n"
    )
    out = told(capsys, "no.example.org", "+all", *at)[1]
    assert "status: NXDOMAIN" in out
    assert ";; Query time:" in out


def test_transfer_and_json(port, capsys):
    at = ("@127.0.0.1", "-p", port)
    code, out, _ = told(capsys, "example.org", "AXFR", *at)
    assert code == 0
    assert ";; XFR size:" in out
    data = json.loads(told(capsys, "www.example.org", "--json", *at)[1])
    assert data["exchanges"][0]["responseMessage"]["AA"] == 1


def test_exit_codes_are_digs(capsys, port):
    assert told(capsys, "x.test", "@127.0.0.1", "-p", "1", "+time=1", "+tries=1")[0] == 9
    assert told(capsys, "no.example.org", "@127.0.0.1", "-p", port)[0] == 0
    assert told(capsys, "x.test", "+nonsense")[0] == 1
    assert told(capsys, "-x", "nowhere")[0] == 1
    assert told(capsys, "x.test", "--no-such-option")[0] == 1
    assert told(capsys, "a" * 64 + ".test", "@127.0.0.1", "-p", port)[0] == 10
    assert told(capsys, "x.test", "-b", "nowhere")[0] == 1
    assert told(capsys, "x.test", "+tls", "+tls-ca=/no/such/file", "@127.0.0.1")[0] == 1


def test_a_root_on_this_machine_has_its_zones_here_too(tmp_path, port, capsys):
    hints = tmp_path / "hints"
    hints.write_text("ns.root. 60 IN A 127.0.0.1\n")
    asked = (f"--map=127.0.0.1=127.0.0.1:{port}", "--root-hints", str(hints), "www.example.org")
    out = told(capsys, *asked)[1]
    assert "@ns.root." in out
    assert "localhost" not in out


def test_a_walk_does_not_ask_the_server_that_is_named(tmp_path, port, capsys):
    """dig +trace @SERVER goes down from the root, too."""
    hints = tmp_path / "hints"
    hints.write_text("ns.root. 60 IN A 127.0.0.1\n")
    asked = (f"--map=127.0.0.1=127.0.0.1:{port}", "--root-hints", str(hints), "www.example.org")
    code, out, err = told(capsys, *asked, "@127.0.0.1", "+trace")
    assert code == 0
    assert "The walk:" in out
    assert err == "note: this goes down from the root; the server is not asked\n"


@pytest.mark.parametrize("more", [("+tls",), ("-y", "k.test:YWFh")])
def test_a_walk_cannot_be_encrypted_or_signed(capsys, more):
    code, _, err = told(capsys, "x.test", "+trace", *more)
    assert code == 1
    assert err.endswith("hint: ask a server: @SERVER\n")


def test_a_root_that_nobody_serves_is_no_reply(tmp_path, capsys):
    hints = tmp_path / "hints"
    hints.write_text("".join(f"ns{i}.root. 60 IN A 192.0.2.{i}\n" for i in range(1, 30)))
    code, out, _ = told(capsys, "--map=203.0.113.1=127.0.0.1", "--root-hints", str(hints), "x.test")
    assert code == 9
    assert len(out.splitlines()) < 50


def test_a_file_of_whole_lines(tmp_path, port, capsys, monkeypatch):
    batch = tmp_path / "batch"
    batch.write_text(
        "# comment\n\nwww.example.org +short\n-t AAAA www.example.org +short\n"
        "-q mail.example.org +noall +answer\n"
    )
    at = ("@127.0.0.1", "-p", port)
    code, out, _ = told(capsys, *at, "-f", str(batch))
    assert (code, out) == (
        0,
        "192.0.2.80\n2001:db8::80\nmail.example.org.\t3600\tIN\tA\t192.0.2.10\n",
    )
    monkeypatch.setattr("sys.stdin", io.StringIO("www.example.org +short\n"))
    assert told(capsys, *at, "-f", "-")[1] == "192.0.2.80\n"
    batch.write_text("www.example.org +short\n")
    assert told(capsys, *at, "-4f", str(batch))[1] == "192.0.2.80\n"


@pytest.mark.parametrize("words", [("-y", "k.test:c2VjcmV0"), ("-4yk.test:c2VjcmV0",)])
def test_the_secret_of_a_key_is_not_shown(port, capsys, words):
    out = told(capsys, "@127.0.0.1", "-p", port, "www.example.org", "+cmd", "+qr", *words)[1]
    assert "k.test:…" in out
    assert "c2VjcmV0" not in out


@pytest.mark.parametrize("line", ['www "open', "-f other", "+nonsense", "-t FOO x.test"])
def test_a_bad_line_does_not_end_the_file(tmp_path, port, capsys, line):
    batch = tmp_path / "batch"
    batch.write_text(f"{line}\nwww.example.org +short\n")
    code, out, err = told(capsys, "@127.0.0.1", "-p", port, "-f", str(batch))
    assert (code, out) == (1, "192.0.2.80\n")
    assert err.startswith("firstbyte: ")
    assert "internal" not in err


@pytest.mark.parametrize("name", ["", "a..b", "x" * 5000])
def test_what_is_no_name(capsys, name):
    code, _, err = told(capsys, name, "@127.0.0.1")
    assert code == 10
    assert len(err) < 300


def test_octets_that_are_no_text(port, capsys):
    code, out, _ = told(capsys, os.fsdecode(b"a\xff.example.org"), "@127.0.0.1", "-p", port)
    assert code == 0
    assert out.startswith("a\\255.example.org A  NXDOMAIN")


def test_streams_that_are_closed(port):
    ask = f"{sys.executable} -m firstbyte dns www.example.org @127.0.0.1 -p {port}"
    for closed in (">&-", "2>&-", ">&- 2>&-"):
        ended = subprocess.run(["sh", "-c", f"{ask} {closed}"], capture_output=True, text=True)
        assert (ended.returncode, ended.stderr) == (0, "")


def test_the_group_finds_its_commands(capsys):
    assert told(capsys, "--help")[0] == 0
    assert told(capsys, "query", "--help")[0] == 0
