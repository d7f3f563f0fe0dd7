"""``firstbyte dns wire``: where octets come from, and how they are drawn."""

import io
import json
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.cli.shell.entry import run
from firstbyte.protocols.dns.dissect import dissect
from firstbyte.rendering.dns_wire import wire
from firstbyte.rendering.look import Look

QUERY = "1a2b01000001000000000000076578616d706c65036f72670000010001"


def told(capsys, *words):
    code = run(["dns", "wire", *words])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("form", ["hex", "spaced", "file", "hexfile", "stdin", "tcp"])
def test_draws_octets_from_anywhere(form, capsys, tmp_path, monkeypatch):
    data = bytes.fromhex(QUERY)
    (tmp_path / "raw").write_bytes(data)
    (tmp_path / "text").write_text(QUERY[:20] + "\n" + QUERY[20:] + "\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    words = {
        "hex": [QUERY],
        "spaced": [QUERY[:8], QUERY[8:]],
        "file": [str(tmp_path / "raw")],
        "hexfile": [str(tmp_path / "text")],
        "stdin": ["-"],
        "tcp": ["001d" + QUERY],
    }[form]
    code, out, _ = told(capsys, *words)
    assert code == 0
    assert "6699" in out
    assert "example.org." in out
    assert ".... ...1 .... ...." in out


BASE64 = "GisBAAABAAAAAAAAB2V4YW1wbGUDb3JnAAABAAE"
XXD = """\
00000000: 1a2b 0100 0001 0000 0000 0000 0765 7861  .+...........exa
00000010: 6d70 6c65 036f 7267 0000 0100 01         mple.org.....
"""
HEXDUMP = """\
00000000  1a 2b 01 00 00 01 00 00  00 00 00 00 07 65 78 61  |.+...........exa|
00000010  6d 70 6c 65 03 6f 72 67  00 00 01 00 01           |mple.org.....|
"""
TCPDUMP = """\
\t0x0000:  4500 0039 0001 0000 4011 0000 7f00 0001
\t0x0010:  7f00 0001 8235 0035 0025 0000 1a2b 0100
\t0x0020:  0001 0000 0000 0000 0765 7861 6d70 6c65
\t0x0030:  036f 7267 0000 0100 01
"""


@pytest.mark.parametrize(
    "text",
    [
        " ".join(re.findall("..", QUERY)),
        ":".join(re.findall("..", QUERY)),
        "0x" + QUERY.upper(),
        ", ".join("0x" + octet for octet in re.findall("..", QUERY)),
        "".join("\\x" + octet for octet in re.findall("..", QUERY)),
        BASE64,
        BASE64 + "=",
        f"https://dns.example/dns-query?dns={BASE64}",
        XXD,
        HEXDUMP,
        TCPDUMP,
        "001d" + QUERY,
    ],
)
def test_every_notation_is_the_same_message(text, capsys, tmp_path):
    (tmp_path / "text").write_text(text)
    for source in (text, str(tmp_path / "text")):
        data = json.loads(told(capsys, source, "--json")[1])
        assert data["hex"] == QUERY


def test_what_stood_before_the_message_is_told(capsys):
    assert "before the message: IPv4 and UDP headers" in told(capsys, TCPDUMP)[1]
    ethernet = bytes(12).hex() + "0800" + "".join(re.findall(r"(?<= )[0-9a-f]{2,4}\b", TCPDUMP))
    assert "before the message: Ethernet, IPv4 and UDP headers" in told(capsys, ethernet)[1]


@pytest.mark.parametrize(
    ("source", "words"),
    [("abc", "odd number"), ("0123456789gh", "'g' is digit 11"), ("...", "digit 1")],
)
def test_what_is_no_message_is_refused_with_the_reason(source, words, capsys):
    code, _, err = told(capsys, source)
    assert code == 2
    assert words in err
    assert "hint: hexadecimal digits" in err


def test_pointers_and_broken_rules_are_easy_to_find(capsys):
    answer = QUERY[:4] + "8180000100010000000007" + QUERY[26:]
    good = answer + "c00c000100010000003c0004c0000250"
    out = told(capsys, good)[1]
    assert "◀ 29" in out
    assert out.endswith("✔ 45 octets, no rule is broken\n")
    bad = answer + "c00c000100010000003c0003c00002"
    assert "1 rule is broken, first at octet 41 (address)" in " ".join(told(capsys, bad)[1].split())


def test_a_very_long_argument_is_no_file_name(capsys):
    assert told(capsys, QUERY + "00" * 3000)[0] == 0


def test_draws_queries_that_it_makes(capsys):
    code, out, _ = told(capsys, "--query", "example.org", "MX", "+dnssec")
    assert code == 0
    assert "MX (15)" in out
    assert "DNSSEC wanted" in out


def test_json(capsys):
    data = json.loads(told(capsys, QUERY, "--json")[1])
    assert data["octets"] == 29
    assert data["fields"][1]["label"] == "id"


def test_what_cannot_be_read_is_told(capsys):
    assert told(capsys)[0] == 2
    assert told(capsys, "/no/such/file")[0] == 26


@given(st.binary(max_size=200), st.sampled_from([80, 120]), st.booleans())
def test_lines_keep_their_width(data, width, unicode):
    lines = wire(data, dissect(data), Look(width, unicode))
    assert all(line.cell_len <= width for line in lines)
    assert all("\x1b" not in line.plain for line in lines)
