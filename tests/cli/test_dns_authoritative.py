"""``firstbyte dns authoritative`` as a process: its words, its signals, its exit codes."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import dns.message
import dns.query
import pytest

from firstbyte.cli.shell.entry import run
from testbed.name_server import ZONE


class Process:
    """The command, started; ``port`` once it is ready."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "firstbyte",
                "dns",
                "authoritative",
                "--listen",
                "127.0.0.1:0",
                *arguments,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said = list(iter(self.line, "ready"))
        self.port = int(re.findall(r"port (\d+)", self.said[-1])[0])

    def line(self):
        return self.process.stderr.readline().strip()

    def ask(self, name, rdtype="A"):
        query = dns.message.make_query(name, rdtype)
        return dns.query.udp(query, "127.0.0.1", 5, self.port)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=10)
        return self.process.returncode, out, err


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "example.org.zone"
    path.write_text(ZONE)
    return path


def test_serves_signs_reloads_and_stops(file):
    server = Process("--sign", "--nsec3", str(file))
    assert server.ask("www.example.org").answer[0][0].address == "192.0.2.80"
    file.write_text(ZONE.replace("192.0.2.80", "192.0.2.81"))
    server.process.send_signal(signal.SIGHUP)
    assert server.line() == "reloaded"
    assert server.ask("www.example.org").answer[0][0].address == "192.0.2.81"
    code, out, err = server.stop()
    assert (code, err) == (0, "")
    assert [line.split()[2] for line in out.splitlines()] == ["DS", "DNSKEY"]  # the same keys


def test_a_broken_file_at_a_reload_changes_nothing(file):
    server = Process(str(file))
    Path(file).write_text("nonsense")
    server.process.send_signal(signal.SIGHUP)
    assert server.line().startswith("not reloaded")
    assert server.ask("www.example.org").answer
    assert server.stop()[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["/nothing/there.zone"],
        ["--nsec3-salt", "xyz", "--sign", "FILE"],
        ["--allow-transfer", "x", "FILE"],
        ["--fault", "nonsense", "FILE"],
        ["--listen", "nowhere", "FILE"],
        ["--nsec3", "FILE"],
        ["--online", "FILE"],
        ["--sign", "--nsec3-salt", "00", "FILE"],
    ],
)
def test_refuses_what_cannot_be(arguments, file, capsys):
    given = [str(file) if word == "FILE" else word for word in arguments]
    assert run(["dns", "authoritative", *given]) == 2
    assert capsys.readouterr().err.startswith("firstbyte: ")


def test_lists_its_faults(capsys):
    assert run(["dns", "authoritative", "--list-faults"]) == 0
    assert "spoofing" in capsys.readouterr().out


def test_tells_what_it_serves_and_what_is_odd(tmp_path):
    path = tmp_path / "odd.test.zone"
    path.write_text("$TTL 60\n@ SOA ns admin 7 2 3 4 5\n@ NS ns\n")
    server = Process(str(path))
    server.stop()
    assert server.said[:2] == [
        "warning: odd.test. NS ns.odd.test. has no address in the zone",
        "zone odd.test. serial 7, 1 name, not signed",
    ]


def test_a_busy_port_is_told(file, capsys):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        place = f"127.0.0.1:{port}"
        for command in (["authoritative", str(file)], ["serve"]):
            assert run(["dns", *command, "--listen", place]) == 2
            assert capsys.readouterr().err == (
                f"firstbyte: cannot listen on 127.0.0.1 port {port}: Address already in use\n"
                f"hint: ss -lunpt 'sport = :{port}' names the program that has it\n"
            )
