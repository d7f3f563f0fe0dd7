"""dig's words: what dig prints and what we print, for the same question to the same server."""

import re
import shutil
import subprocess

import pytest

from firstbyte.cli.shell.entry import run
from firstbyte.server.dns.answers import Manners
from firstbyte.server.dns.serving import NameServer
from firstbyte.server.dns.zone_set import ZoneSet
from firstbyte.server.dns.zonefile import parse_zone
from testbed.many_types import MANY_TYPES
from testbed.threaded_name_server import serving_port

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("dig") is None, reason="dig is not installed"),
]
QUESTIONS = """
ns.example.org +cmd
ns.example.org +dnssec +cmd
example.org SOA +multiline +cmd
cdnskey.example.org CDNSKEY +multiline
cdnskey.example.org CDNSKEY +rrcomments
cdnskey.example.org CDNSKEY +nocrypto
ds.example.org DS +multiline
ns.example.org +nsid +qr
ns.example.org +subnet=192.0.2.0/24 +qr
ns.example.org +subnet=192.0.2.1 +qr
ns.example.org +subnet=2001:db8::/32 +qr
ns.example.org +keepalive +tcp +all
ns.example.org +expire +qr
ns.example.org +ttlunits
ns.example.org +nottlid
ns.example.org +noclass
ns.example.org +nottlid +noclass
nothing.example.org +cmd
ns.example.org +noedns +cmd
ns.example.org +aaflag +zflag +tcflag +qr
ns.example.org +nocomments
ns.example.org +noquestion
version.bind CH TXT +cmd
-c CH -t TXT version.bind +cmd
ns.example.org +norec +cmd
ns.example.org +ednsopt=65001:0102 +qr
ds.example.org ANY +cmd
www.ds.example.org +cmd
long.example.org TXT +bufsize=512 +cmd
ns.example.org +short
ns.example.org +short +identify
txt.example.org TXT +short
example.org SOA +short +multiline
example.org AXFR +onesoa
example.org AXFR +noall +answer
example.org AXFR +noall +answer +ttlunits
example.org IXFR=1
nothing.example.org AXFR
example.org IXFR=4294967295
ns.example.org +edns=1 +cmd
ns.example.org +edns=1 +noednsnegotiation +cmd
ns.example.org +opcode=status +cmd
ns.example.org +opcode=9 +cmd
ns.example.org +header-only +cmd
ns.example.org +ednsflags=0x4000 +noall +answer
ns.example.org +qid=1234 +cmd
ns.example.org +unknownformat +cmd
https.example.org HTTPS +unknownformat +noall +answer
unk.example.org TYPE65400 +noall +answer
ns.example.org AAAA +expandaaaa +noall +answer
cdnskey.example.org CDNSKEY +split=8
cdnskey.example.org CDNSKEY +nosplit +noall +answer
cdnskey.example.org CDNSKEY +short +split=4
ns +search +domain=example.org +noall +answer
long.example.org TXT +cmd
-x 192.0.2 +cmd
-x 192.0.2.80 +cmd
-x 2001:db8::1 +cmd
"""
MULTILINE = """
SOA cds cdnskey sshfp tlsa zonemd openpgp cert unk unke https svcb txt
"""


@pytest.fixture(scope="module")
def port():
    """A server on a loop of its own."""
    zones = ZoneSet([parse_zone(MANY_TYPES, "example.org.", "test")])
    manners = Manners(nsid=b"lab-1", client_subnet=True)
    with serving_port(lambda: NameServer(zones, manners=manners)) as port:
        yield port


def normal(text):
    """Without what differs between two runs of dig."""
    text = re.sub(r"id: \d+", "id: N", text)
    text = re.sub(r"(Query time: )\d+ msec|in \d+ ms\.", r"\1N", text)
    text = re.sub(r"; <<>>.*", "BANNER", text)
    return [line for line in text.splitlines() if not line.startswith((";; WHEN", ";; global"))]


def both(capsys, port, words):
    at = ["@127.0.0.1", "-p", port, *words, "+tries=1", "+time=3"]
    dig = subprocess.run(["dig", *at, "+nocookie"], capture_output=True, text=True, timeout=10)
    code = run(["dns", *at])
    assert code == dig.returncode
    return normal(capsys.readouterr().out), normal(dig.stdout)


@pytest.mark.parametrize("line", QUESTIONS.strip().splitlines())
def test_the_same_words_give_the_same_lines(capsys, port, line):
    ours, digs = both(capsys, port, line.split())
    assert ours == digs


@pytest.mark.parametrize("name", MULTILINE.split())
def test_long_records_are_broken_as_dig_does(capsys, port, name):
    owner, kind = ("example.org", "SOA") if name == "SOA" else (f"{name}.example.org", "ANY")
    ours, digs = both(capsys, port, [owner, kind, "+noall", "+answer", "+multiline"])
    assert ours == digs


def test_no_reply_is_told_as_dig_does(capsys):
    ours, digs = both(capsys, "1", ["example.org", "+short"])
    assert ours[-1] == digs[-1] == ";; no servers could be reached"
    assert "connection refused" in ours[0]


def test_a_file_of_questions(capsys, port, tmp_path):
    batch = tmp_path / "batch"
    batch.write_text("ns.example.org A\n; a comment\n\nns.example.org AAAA\n")
    assert run(["dns", "@127.0.0.1", "-p", port, "-f", str(batch), "+short"]) == 0
    assert capsys.readouterr().out == "192.0.2.1\n2001:db8::1\n"
    assert run(["dns", "-f", str(tmp_path / "none")]) == 8


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("+dnsec", "did you mean +dnssec?"),
        ("+yaml", "--json"),
        ("+nssearch", "--audit"),
        ("+subnet=x", "does not appear"),
        ("+cookie=xyz", "non-hexadecimal"),
    ],
)
def test_unknown_words_come_with_a_hint(capsys, word, hint):
    assert run(["dns", "example.org", word]) == 1
    assert hint in capsys.readouterr().err
