"""Zones that Knot DNS signs and serves, validated by our daemon: each algorithm, each denial."""

import shutil
import subprocess

import dns.flags
import dns.rcode
import pytest

from testbed.foreign_zones import ROOT, ZONE, Served, wait_for
from testbed.ports import free_port

KNOTD = shutil.which("knotd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
KEYMGR = shutil.which("keymgr", path="/usr/sbin:/usr/bin:/usr/local/sbin")
pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not KNOTD or not KEYMGR, reason="Knot DNS is not installed"),
]
NSEC3 = "nsec3: on, nsec3-iterations: 0, nsec3-salt-length: 0"
VARIANTS = {
    "ecdsa.": ("ecdsap256sha256", ""),
    "p384.": ("ecdsap384sha384", ""),
    "ed25519.": ("ed25519", ""),
    "ed448.": ("ed448", ""),
    "rsa256.": ("rsasha256", ""),
    "rsa512.": ("rsasha512", ""),
    "hashed.": ("ed25519", NSEC3),
    "salted.": ("ed25519", "nsec3: on, nsec3-iterations: 5, nsec3-salt-length: 8"),
    "optout.": ("ed25519", NSEC3 + ", nsec3-opt-out: on"),
    "online.": ("ecdsap256sha256", "online"),
}
CONFIGURATION = """
server:
    rundir: "{place}"
    listen: 127.0.0.1@{port}
database:
    storage: "{place}"
log:
  - target: "{place}/log"
    any: warning
policy:
{policies}
mod-onlinesign:
  - id: online
    policy: online
zone:
{zones}
"""
POLICY = """
  - id: {id}
    manual: on
    single-type-signing: on
    algorithm: {algorithm}
{more}
"""
PLACE = """
  - domain: {zone}
    storage: "{place}"
    file: "{file}"
    zonefile-sync: -1
    {how}
"""
SIGNED = "dnssec-signing: on\n    dnssec-policy: "
ONLINE = "module: mod-onlinesign/online"


def configured(place, port):
    """Knot's configuration for the root and all variants."""
    policies, zones = "", ""
    for zone, (algorithm, options) in {".": ("ed25519", ""), **VARIANTS}.items():
        name = zone.rstrip(".") or "root"
        online = options == "online"
        lines = () if online else filter(None, options.split(", "))
        more = "\n".join(f"    {line}" for line in lines)
        policies += POLICY.format(id=name, algorithm=algorithm, more=more)
        how = ONLINE if online else SIGNED + name
        zones += PLACE.format(zone=zone, place=place, file=f"{name}.zone", how=how)
    return CONFIGURATION.format(place=place, port=port, policies=policies, zones=zones)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A knotd with its keys made beforehand, so that parents know their children's."""
    place = tmp_path_factory.mktemp("knot")
    port = free_port()
    configuration = place / "knot.conf"
    configuration.write_text(configured(place, port))

    def keymgr(*words):
        command = [KEYMGR, "-c", str(configuration), *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
        return done.stdout

    text = ROOT
    for zone, (algorithm, _) in VARIANTS.items():
        (place / f"{zone}zone").write_text(ZONE)
        keymgr(zone, "generate", f"algorithm={algorithm}", "ksk=yes", "zsk=yes")
        text += f"{zone} NS ns.\n" + keymgr(zone, "ds")
    (place / "root.zone").write_text(text)
    keymgr(".", "generate", "algorithm=ed25519", "ksk=yes", "zsk=yes")
    anchors = keymgr(".", "ds").splitlines()
    with subprocess.Popen(
        [KNOTD, "-c", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for zone in (".", *VARIANTS):
                wait_for(port, zone)
            yield Served(port, anchors)
        finally:
            process.terminate()


@pytest.mark.parametrize("zone", [zone for zone in VARIANTS if zone not in ("optout.", "online.")])
def test_all_kinds_of_answers_are_secure(served, zone):
    served.check_all_kinds(zone)


def test_opt_out_proves_less(served):
    here, gone = served.resolve(("www.optout.", "A"), ("nothing.optout.", "A"))
    assert here.flags & dns.flags.AD
    assert gone.rcode() == dns.rcode.NXDOMAIN
    assert not gone.flags & dns.flags.AD


def test_denials_made_while_asked(served):
    """mod-onlinesign denies a name by an NSEC that covers nothing else (RFC 4470 and later)."""
    names = ("www.online.", "alias.online.", "nothing.online.", "x.y.nothing.online.")
    answers = served.resolve(*((name, "A") for name in names), ("www.online.", "AAAA"))
    for answer in answers:
        assert answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
        assert answer.flags & dns.flags.AD, answer.to_text()
    assert [bool(answer.answer) for answer in answers] == [True, True, False, False, False]
