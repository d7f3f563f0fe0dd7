"""Zones that BIND signs and serves, validated by our daemon; delv as judge of our answers."""

import shutil
import subprocess
from pathlib import Path

import dns.edns
import dns.flags
import dns.rcode
import pytest

from testbed.foreign_zones import ROOT, ZONE, Served, wait_for
from testbed.ports import free_port

TOOLS = ("named", "dnssec-keygen", "dnssec-signzone")
pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(
        any(shutil.which(tool) is None for tool in TOOLS), reason="BIND's tools are not installed"
    ),
]
VARIANTS = {
    "ecdsa.": ("ECDSAP256SHA256", []),
    "p384.": ("ECDSAP384SHA384", []),
    "ed25519.": ("ED25519", []),
    "ed448.": ("ED448", []),
    "rsa256.": ("RSASHA256", []),
    "rsa512.": ("RSASHA512", []),
    "hashed.": ("ECDSAP256SHA256", ["-3", "-", "-H", "0"]),
    "salted.": ("ECDSAP256SHA256", ["-3", "ABCD", "-H", "5"]),
    "optout.": ("ECDSAP256SHA256", ["-3", "-", "-H", "0", "-A"]),
    "late.": ("ECDSAP256SHA256", ["-P", "-s", "20200101000000", "-e", "20200201000000"]),
}


def sign(place: Path, zone: str, file: Path, algorithm: str, options: list[str]) -> str:
    """Sign a zone file in place; its DS set."""
    call = ["dnssec-keygen", "-q", "-a", algorithm, "-f", "KSK", "-K", str(place), zone]
    if algorithm.startswith("RSA"):
        call[4:4] = ["-b", "2048"]
    key = subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip()
    with file.open("a") as text:
        text.write((place / f"{key}.key").read_text())
    target = file.with_suffix(".signed")
    call = ["dnssec-signzone", "-q", "-z", "-S", "-K", str(place), "-d", str(place)]
    call += ["-o", zone, "-f", str(target), *options, str(file)]
    subprocess.run(call, check=True, capture_output=True)
    target.rename(file)
    return (place / f"dsset-{zone}").read_text()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A named that serves a signed root and signed zones."""
    place = tmp_path_factory.mktemp("bind")
    root = place / "root.zone"
    text = ROOT
    zones = {".": root}
    for zone, (algorithm, options) in VARIANTS.items():
        file = place / f"{zone}zone"
        file.write_text(ZONE)
        text += f"{zone} NS ns.\n" + sign(place, zone, file, algorithm, options)
        zones[zone] = file
    root.write_text(text)
    anchor = sign(place, ".", root, "ECDSAP256SHA256", [])
    port = free_port()
    (place / "named.conf").write_text(
        f'options {{ directory "{place}"; recursion no; dnssec-validation no; pid-file none; '
        f"session-keyfile none; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; "
        "};\ncontrols { };\n"
        + "".join(f'zone "{z}" {{ type primary; file "{f}"; }};\n' for z, f in zones.items())
    )
    with subprocess.Popen(
        ["named", "-f", "-n", "1", "-c", str(place / "named.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for(port, ".")
            yield Served(port, anchor.splitlines())
        finally:
            process.terminate()


@pytest.mark.parametrize("zone", [zone for zone in VARIANTS if zone not in ("late.", "optout.")])
def test_all_kinds_of_answers_are_secure(served, zone) -> None:
    served.check_all_kinds(zone)


def test_opt_out_proves_less(served) -> None:
    here, gone = served.resolve(("www.optout.", "A"), ("nothing.optout.", "A"))
    assert here.flags & dns.flags.AD
    assert gone.rcode() == dns.rcode.NXDOMAIN
    assert not gone.flags & dns.flags.AD


def test_expired_signatures_are_told(served) -> None:
    (answer,) = served.resolve(("www.late.", "A"))
    assert answer.rcode() == dns.rcode.SERVFAIL
    assert answer.options[0].code == dns.edns.EDECode.SIGNATURE_EXPIRED


@pytest.mark.parametrize("zone", ["ecdsa.", "hashed."])
def test_proved_gaps_answer_for_other_names(served, zone) -> None:
    names = [f"nothing{number}.{zone}" for number in range(40)]
    answers = served.resolve(*((name, "A") for name in names), (f"www.{zone}", "A"))
    assert all(answer.rcode() == dns.rcode.NXDOMAIN for answer in answers[:-1])
    assert all(answer.flags & dns.flags.AD for answer in answers)
    assert answers[-1].answer
