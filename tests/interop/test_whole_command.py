"""The whole command against real servers: every journey is sound and can be shown."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from rich.cells import cell_len

from firstbyte.journey.model import PHASES
from testbed.pki import Pki
from testbed.ports import free_port
from testbed.tls_peers import nginx_server, openssl_server

pytestmark = pytest.mark.interop
SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "reference" / "journey.schema.json").read_text()
)
CALLS = {
    "h2 over TLS 1.3": ((), "2", "TLSv1.3"),
    "h1 over TLS 1.3": (("--http1.1",), "1.1", "TLSv1.3"),
    "h2 over TLS 1.2": (("--tls-max", "1.2"), "2", "TLSv1.2"),
    "h1 over TLS 1.2": (("--tls-max", "1.2", "--http1.1"), "1.1", "TLSv1.2"),
    "a request of 1.0, answered in 1.1": (("--http1.0",), "1.1", "TLSv1.3"),
}


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def nginx(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    issued = pki.issue("good")
    staple = pki.staple(issued.chain[0], pki.intermediate)
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "staple.der").write_bytes(staple)
    with nginx_server(folder, replace(issued, staple_file=folder / "staple.der")) as ports:
        yield ports


@pytest.fixture(scope="module")
def dnsmasq() -> Iterator[str]:
    program = shutil.which("dnsmasq", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("dnsmasq is not installed")
    port = free_port()
    command = [
        program,
        "--no-daemon",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--pid-file",
    ]
    command += [
        f"--port={port}",
        "--listen-address=127.0.0.1",
        "--bind-interfaces",
        "--user=",
        "--group=",
    ]
    command += ["--address=/site.test/127.0.0.1"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        time.sleep(0.3)
        yield f"127.0.0.1:{port}"
        process.terminate()


def checked(done: subprocess.CompletedProcess[str], firstbyte, path: Path) -> dict:
    """The journey, valid and adding up, that is shown within 80 and 120 columns."""
    assert done.returncode == 0, done.stdout + done.stderr
    journey = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(journey)
    total_us = sum(round(row["duration_ms"] * 1000) for row in journey["ledger"])
    assert total_us == round(journey["totals"]["last_byte_ms"] * 1000)
    path.write_text(done.stdout)
    for width in (80, 120):
        shown = firstbyte("show", "-v", "--ladder", str(path), COLUMNS=str(width))
        assert shown.returncode == 0, shown.stderr
        assert max(cell_len(line) for line in shown.stdout.splitlines()) <= width
    return journey


@pytest.mark.parametrize("name", CALLS)
def test_nginx(firstbyte, nginx, pki: Pki, tmp_path: Path, name: str) -> None:
    flags, http_version, tls_version = CALLS[name]
    wanted = ("--json", "--cacert", str(pki.root_file))
    url = f"https://localhost:{nginx[0]}/"
    done = firstbyte(*wanted, *flags, url)
    journey = checked(done, firstbyte, tmp_path / "j.json")
    (hop,) = journey["hops"]
    assert (hop["http_version"], hop["tls"]["version"]) == (http_version, tls_version)
    order = [hop["phases"][phase] for phase in PHASES if hop["phases"][phase]]
    starts = [phase["start_ms"] for phase in order]
    assert starts == sorted(starts)
    assert {row["severity"] for row in journey["findings"]} <= {"info", "warning"}


def test_a_plain_page_through_dnsmasq(firstbyte, nginx, dnsmasq, tmp_path: Path) -> None:
    url = f"http://site.test:{nginx[1]}/"
    done = firstbyte("--json", "--dns-servers", dnsmasq, url)
    journey = checked(done, firstbyte, tmp_path / "j.json")
    assert journey["hops"][0]["remote_ip"] == "127.0.0.1"
    assert [q["type"] for q in journey["hops"][0]["dns"]["questions"]][:1] != []
    assert {row["cause"] for row in journey["ledger"]} >= {"dns_round_trip", "tcp_handshake"}


@pytest.mark.parametrize("flag", ["-tls1_2", "-tls1_3"])
def test_openssl(firstbyte, pki: Pki, tmp_path: Path, flag: str) -> None:
    issued = pki.issue("good")
    files = ("-cert", str(issued.cert_file), "-cert_chain", str(issued.cert_file))
    with openssl_server(*files, "-key", str(issued.key_file), flag) as port:
        done = firstbyte(
            *("--json", "-m", "10", "--cacert", str(pki.root_file)), f"https://localhost:{port}/"
        )
    journey = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(journey)
    assert journey["hops"][0]["tls"]["verify"]["ok"]
    assert "Traceback" not in done.stderr
