"""``--lab``: the same commands in the private internet."""

import json
import shutil
import subprocess

import pytest

from firstbyte.cli.shell.entry import run
from firstbyte.net import libssl


def test_without_a_url_the_default_site_is_traced(capsys):
    assert run(["--lab", "--json"]) == 0
    journey = json.loads(capsys.readouterr().out)
    assert journey["network"] == "simulated"
    assert journey["url"] == "https://shop.example/"
    assert journey["hops"][0]["status"] == 200


def test_lab_alone_does_not_take_the_url(capsys):
    assert run(["--lab", "https://near.example/", "-q"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("https://near.example/  200 OK")
    assert out.rstrip().endswith(" simulated")


def test_many_urls_at_once_in_one_world(capsys):
    assert run(["--lab", "https://near.example/", "https://far.example/", "-q"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_an_unknown_world_is_a_usage_error(capsys):
    assert run(["--lab=nope"]) == 2
    assert "default" in capsys.readouterr().err


def test_a_seed_needs_a_world(capsys):
    assert run(["--seed", "3", "https://near.example/"]) == 2
    assert "--lab" in capsys.readouterr().err


def test_failures_keep_curl_s_exit_codes():
    assert run(["--lab", "-q", "https://nowhere.example/"]) == 6


def test_a_fault_breaks_the_world_and_names_itself(capsys):
    assert run(["--lab", "--fault", "tcp.refused"]) == 7
    assert "tcp.refused" in capsys.readouterr().out


def test_a_fault_needs_a_world(capsys):
    assert run(["--fault", "tcp.refused", "https://near.example/"]) == 2
    assert "--lab" in capsys.readouterr().err


def test_lab_lists_worlds_hosts_and_sites(capsys):
    assert run(["lab"]) == 0
    out = capsys.readouterr().out
    assert "  default    A home" in out
    assert "  satellite  A satellite" in out
    assert max(map(len, out.splitlines())) <= 80
    assert "https://h3.far.example/" in out
    assert "203.0.113.53" in out


def test_lab_show_draws_within_the_width(capsys):
    assert run(["lab", "show"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("─ 8 ms ─ isp (router)" in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_lab_show_says_what_to_try(capsys):
    assert run(["lab", "show", "office"]) == 0
    assert "  firstbyte --lab=office https://stream.example/\n" in capsys.readouterr().out


def test_lab_break_lists_the_faults_in_the_width_there_is(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["lab", "break"]) == 0
    listed = capsys.readouterr().out
    assert "dns.nxdomain" in listed
    assert max(map(len, listed.splitlines())) <= 80


def test_lab_break_traces_in_a_world_with_that_fault(capsys):
    assert run(["lab", "break", "tls.cert.expired"]) == 60
    assert "tls.cert.expired" in capsys.readouterr().out


def test_lab_pcap_refuses_a_host_that_is_not_there(capsys, tmp_path):
    assert run(["lab", "pcap", "--host", "mars", "-o", str(tmp_path / "x.pcapng")]) == 2
    assert "hosts: client" in capsys.readouterr().err


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize(
    ("url", "shown"), [("https://shop.example/", "http2"), ("https://h3.near.example/", "http3")]
)
def test_tshark_decrypts_lab_pcap_with_the_keys_inside(tmp_path, url, shown):
    file = tmp_path / "seen.pcapng"
    assert run(["lab", "pcap", "--interface", "eth0", "-o", str(file), url]) == 0
    words = ["tshark", "-r", str(file), "-Y", shown]
    packets = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert "HEADERS" in packets.stdout


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_a_server_s_side_is_seen_at_its_own_host(tmp_path):
    file = tmp_path / "seen.pcapng"
    assert run(["lab", "pcap", "--host", "ns", "-o", str(file)]) == 0
    words = ["tshark", "-r", str(file), "-T", "fields", "-e", "dns.qry.name"]
    packets = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert "shop.example" in packets.stdout.lower()


def test_lab_pcap_says_what_it_wrote_and_what_failed(capsys, tmp_path):
    file = tmp_path / "x.pcapng"
    assert run(["lab", "pcap", "--fault", "tcp.refused", "-o", str(file)]) == 7
    err = capsys.readouterr().err
    assert "firstbyte: https://shop.example/: tcp.refused: " in err
    assert f"{file}: " in err
    assert err.rstrip().endswith("packets at client (eth0)")
    assert run(["lab", "pcap", "--host", "isp", "-o", str(file)]) == 0
    assert "packets at isp (eth0, eth1, eth2), with the TLS keys" in capsys.readouterr().err


@pytest.mark.skipif(libssl.load() is None, reason="this Python hides its OpenSSL")
def test_lab_pcap_repeats_to_the_byte_in_another_process(firstbyte, tmp_path):
    def words(name, seed):
        urls = ["https://shop.example/", "https://h1.near.example/"]
        return ["lab", "pcap", "--seed", seed, "-o", str(tmp_path / name), *urls]

    assert firstbyte(*words("there", "3")).returncode == 0
    assert run(words("here", "3")) == 0
    assert run(words("other", "4")) == 0
    there, here, other = ((tmp_path / name).read_bytes() for name in ("there", "here", "other"))
    assert here == there
    assert other != there


def test_lab_run_says_below_the_table_why_a_program_failed(capsys, tmp_path):
    file = tmp_path / "s.toml"
    file.write_text(
        "[hosts.c]\n[[programs]]\nhost = 'c'\nname = 'page'\n"
        "run = 'firstbyte.client.trace:trace'\narguments = ['https://shop.example/']\n"
    )
    assert run(["lab", "run", str(file)]) == 1
    out = capsys.readouterr().out
    assert "FAILED  dns.failed\n" in out
    assert "✖ page: dns.failed: shop.example AAAA: " in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_long_headline_goes_on_in_the_next_line(capsys):
    assert run(["--lab=satellite"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].strip() == "simulated"
    assert max(map(len, lines)) <= 80


def test_questions_that_ended_alike_are_told_once(capsys):
    assert run(["lab", "break", "dns.refused"]) == 6
    told = " ".join(capsys.readouterr().out.split())
    asked = "AAAA, A, HTTPS (2 times each) shop.example at 203.0.113.53:53 over udp: REFUSED"
    assert told.count(asked) == 1
