"""Queries with TSIG: who may have zones, and what those are told whose signature is bad."""

import shutil
import subprocess
import time

import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.update
import dns.zone
import pytest

from firstbyte.cli.shell.entry import run
from firstbyte.protocols.dns.tsig import Chain, key_from_text
from firstbyte.server.dns.answers import Client, Manners
from firstbyte.server.dns.faults.registry import choose, treatments
from firstbyte.server.dns.serving import NameServer
from firstbyte.server.dns.signed import opened
from firstbyte.server.dns.zone_set import ZoneSet
from testbed.name_server import parent_zone
from testbed.threaded_name_server import serving_port

SECRET = "c2VjcmV0IHRoYXQgaXMgbG9uZyBlbm91Z2g="
TEXT = f"hmac-sha256:xfer.test:{SECRET}"
KEY = key_from_text(TEXT)


@pytest.fixture(scope="module")
def port():
    manners = Manners(keys=(KEY,))
    with serving_port(lambda: NameServer(ZoneSet([parent_zone()]), manners=manners)) as port:
        yield int(port)


def told(capsys, *words):
    code = run(["dns", "@127.0.0.1", *words])
    return code, capsys.readouterr().out


def test_zones_go_to_who_signs(port, capsys):
    transfer = ("-p", str(port), "example.org", "AXFR")
    assert "Transfer failed" in told(capsys, *transfer)[1]
    out = told(capsys, *transfer, "-y", TEXT)[1]
    assert ";; XFR size:" in out
    assert SECRET not in out
    assert "-y hmac-sha256:xfer.test:…" in out


def test_the_file_of_a_key(port, capsys, tmp_path):
    file = tmp_path / "key"
    file.write_text(f'key "xfer.test" {{ algorithm hmac-sha256; secret "{SECRET}"; }};\n')
    asked = ("-p", str(port), "www.example.org")
    assert "TSIG: signed with xfer.test." in told(capsys, *asked, "-k", str(file))[1]
    assert told(capsys, *asked, "-k", str(tmp_path / "none"))[0] == 1
    assert told(capsys, *asked, "-y", "xfer.test:#")[0] == 1


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (f"other.test:{SECRET}", "TSIG: the server does not know the key"),
        ("xfer.test:d3Jvbmc=", "TSIG: the server says that the signature does not verify"),
    ],
)
def test_a_bad_key_is_told(port, capsys, key, words):
    code, out = told(capsys, "-p", str(port), "www.example.org", "-y", key)
    assert code == 0
    assert "NOTAUTH" in out
    assert words in out
    assert "dns.no_edns" not in out


def test_late_clocks_are_told_the_time():
    query = dns.message.make_query("www.example.org", "A")
    query.use_tsig(KEY.made)
    asked = opened(query.to_wire(), Client("127.0.0.1"), Manners(keys=(KEY,)), 1e9)
    answer = dns.message.from_wire(asked.refused, ignore_trailing=True, keyring=False)
    assert answer.rcode() == dns.rcode.NOTAUTH
    assert answer.tsig_error == dns.rcode.BADTIME
    assert int.from_bytes(answer.tsig[0].other, "big") == 1e9


def test_a_signed_answer_fits_into_its_datagram(port):
    query = dns.message.make_query("example.org", "ANY", use_edns=False)
    query.use_tsig(KEY.made)
    answer = dns.query.udp(query, "127.0.0.1", 5, port, ignore_trailing=True)
    assert len(answer.wire) <= 512
    assert answer.had_tsig


def test_forged_answers_before_it_do_not_spoil_a_signed_one():
    """A signature covers the query's, not that of whatever a fault sent before (RFC 8945, 5.3)."""
    made = treatments([choose("spoofing=203.0.113.9", 0.0)])
    server = NameServer(ZoneSet([parent_zone()]), manners=Manners(keys=(KEY,)), treatments=made)
    chain = Chain(KEY)
    bare = dns.message.make_query("www.example.org", "A").to_wire()
    sent = server.deliveries(chain.sign(bare, time.time()), Client("127.0.0.1"))
    assert len(sent) > 2
    assert b"\xc0\0\x02\x50" in chain.check(sent[-1].data, time.time())


def test_dnspython_takes_the_zone(port):
    keyring = {KEY.name: KEY.made}
    inbound = dns.query.xfr(
        "127.0.0.1", "example.org", port=port, keyring=keyring, keyname=KEY.name
    )
    assert len(dns.zone.from_xfr(inbound).nodes) > 5


@pytest.mark.interop
@pytest.mark.parametrize("program", ["dig", "kdig"])
def test_others_sign_and_verify(port, program):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    command = [program, "@127.0.0.1", "-p", str(port), "-y", TEXT, "example.org"]
    for kind in ("AXFR", "SOA"):
        ended = subprocess.run([*command, kind], capture_output=True, text=True, timeout=20)
        assert ended.returncode == 0
        assert "SOA" in ended.stdout
        said = (ended.stdout + ended.stderr).lower()
        assert "couldn't verify" not in said
        assert "failed" not in said
