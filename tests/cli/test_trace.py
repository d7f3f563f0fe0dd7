"""``firstbyte URL`` as a user runs it: a real process against a real site on loopback."""

import json
import shutil
import socket
import subprocess

import pytest

from firstbyte.journey.model import PHASES, Journey


def test_the_page_tells_the_whole_life(firstbyte, site) -> None:
    done = firstbyte("--ladder", "-v", *site.flags, site.url, COLUMNS="120")
    assert (done.returncode, done.stderr) == (0, "")
    for words in (
        f"{site.url}  200 OK · ",
        "HTTP/2 · TLS 1.3",
        "cold: 3 questions",
        "first byte",
        "round trips",
        "A www.firstbyte.test?",
        "SYN (inferred)",
        "client_hello",
        "GET / HTTP/2",
        "chain and name hold for www.firstbyte.test",
        "> Accept-Encoding: ",
        "▲ warning  tls.cert.expiring",
    ):
        assert words in done.stdout, words


def test_quiet_is_one_line(firstbyte, site) -> None:
    done = firstbyte("-q", *site.flags, site.url)
    assert done.stdout.count("\n") == 1
    assert done.stdout.startswith(f"{site.url}  200 OK · ")


def test_json_is_a_journey_with_its_phases(firstbyte, site) -> None:
    done = firstbyte("--json", *site.flags, site.url)
    journey = Journey.from_json(done.stdout)
    hop = journey.hops[0]
    assert journey.outcome.ok
    assert hop.status == 200
    assert {name for name in PHASES if getattr(hop.phases, name)} == set(PHASES) - {"quic"}


def test_a_redirect_is_followed_with_l(firstbyte, site) -> None:
    assert "301 Moved" in firstbyte("-q", *site.flags, site.redirecting_url).stdout
    done = firstbyte("-L", *site.flags, site.redirecting_url)
    assert f" 1  GET {site.redirecting_url}" in done.stdout
    assert f" 2  GET {site.url}" in done.stdout


def test_saved_and_shown_again_is_the_same_page(firstbyte, site, tmp_path) -> None:
    page = firstbyte("-v", "--save", "j.json", *site.flags, site.url).stdout
    assert firstbyte("show", "-v", "j.json").stdout == page


def test_content_goes_where_o_says(firstbyte, site, tmp_path) -> None:
    firstbyte("-q", "-o", "page.html", *site.flags, site.url)
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    done = firstbyte("-q", "-o", "-", *site.flags, site.url)
    assert done.stdout.startswith("<!doctype html>")
    assert "200 OK" in done.stderr


def test_an_untrusted_site_ends_with_curl_s_code(firstbyte, site) -> None:
    done = firstbyte(*site.dns, site.url)
    assert done.returncode == 60
    assert "✖ failed" in done.stdout
    assert "exit code 60" in done.stdout
    assert "client_hello" not in done.stdout
    assert firstbyte("-k", "-q", *site.dns, site.url).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["http://127.0.0.1:1/"], 7),
        (["http://[::1"], 3),
        (["gopher://127.0.0.1/"], 1),
        (["http://absent.firstbyte.test/"], 6),
    ],
)
def test_failures_are_curl_s_codes_and_a_page(firstbyte, site, arguments, code: int) -> None:
    done = firstbyte(*site.dns, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert "✖ failed" in done.stdout
    assert "Traceback" not in done.stderr


def test_fail_turns_a_status_into_an_exit_code(firstbyte, site) -> None:
    assert firstbyte("-q", "-f", *site.flags, site.url).returncode == 0


def test_findings_change_the_code_only_when_asked(firstbyte, site) -> None:
    assert firstbyte("-q", "--fail-on", "warning", *site.flags, site.url).returncode == 110
    assert firstbyte("-q", "--fail-on", "error", *site.flags, site.url).returncode == 0


def test_many_urls_are_shown_in_their_order(firstbyte, site, tmp_path) -> None:
    refused = "http://127.0.0.1:1/"
    (tmp_path / "urls").write_text(f"# two more\n{refused}\n\n{site.url}\n")
    done = firstbyte("-q", *site.flags, "--urls", "urls", site.redirecting_url)
    shown = [line.split()[0] for line in done.stdout.splitlines()]
    assert shown == [site.redirecting_url, refused, site.url]
    assert done.returncode == 7, "the first that failed"


def test_json_lines_come_one_a_url(firstbyte, site) -> None:
    done = firstbyte("--jsonl", "--concurrency", "3", *site.flags, *[site.url] * 7)
    assert [json.loads(line)["outcome"]["ok"] for line in done.stdout.splitlines()] == [True] * 7


def test_write_out_of_many_urls_is_numbered(firstbyte, site) -> None:
    done = firstbyte("-w", r"%{urlnum} %{http_code}\n", *site.flags, site.url, site.url)
    assert done.stdout == "0 200\n1 200\n"


def test_a_har_has_one_page_a_url(firstbyte, site, tmp_path) -> None:
    firstbyte("-q", "-L", "--har", "x.har", *site.flags, site.redirecting_url, site.url)
    log = json.loads((tmp_path / "x.har").read_text())["log"]
    assert [entry["pageref"] for entry in log["entries"]] == ["page_1", "page_1", "page_2"]


def test_the_time_limit_ends_a_silent_server(firstbyte) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        done = firstbyte("-m", "0.3", url)
    assert done.returncode == 28
    assert "deadline.total" in done.stdout


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    "template",
    [
        "%{http_code} %{response_code} %{http_connect} %{http_version} %{scheme} %{method}",
        "%{num_headers} %{num_redirects} %{num_connects} %{size_download} %{size_header}",
        "%{content_type} %{redirect_url} %{url} %{url_effective} %{urlnum} %{remote_ip}",
        "%{remote_port} %{local_ip} %{exitcode} [%{errormsg}] %{ssl_verify_result}",
        "%{header_json}",
        "%header{content-encoding} %header{absent} %% %{",
    ],
)
@pytest.mark.parametrize("redirect", [False, True], ids=["direct", "redirected"])
def test_write_out_agrees_with_curl(firstbyte, site, template: str, redirect: bool) -> None:
    url = site.redirecting_url if redirect else site.url
    ports = [part.rstrip("/").rpartition(":")[2] for part in (site.url, site.redirecting_url)]
    hosts = ("www.firstbyte.test", "firstbyte.test")
    resolve = [
        x for h, p in zip(hosts, ports, strict=True) for x in ("--resolve", f"{h}:{p}:127.0.0.1")
    ]
    common = ["-L", "--http1.1", "--cacert", site.ca_file, *resolve, "-w", template]
    curl = ["curl", "-s", "--noproxy", "*", "--compressed", "-o", "/dev/null", *common, url]
    theirs = subprocess.run(curl, capture_output=True, text=True, check=True).stdout
    assert firstbyte(*common, "--noproxy", "*", url).stdout == theirs


@pytest.mark.parametrize(
    ("flags", "said"), [([], True), (["-s"], False), (["-S"], True), (["-sS"], True)]
)
def test_a_failure_is_said_where_no_page_says_it(firstbyte, flags: list[str], said: bool) -> None:
    done = firstbyte(*flags, "-w", r"%{exitcode}\n", "http://127.0.0.1:1/")
    assert done.stdout == "7\n"
    assert done.stderr.startswith("firstbyte: (7) 127.0.0.1:1: connection refused") is said
    assert (done.stderr == "") is not said
