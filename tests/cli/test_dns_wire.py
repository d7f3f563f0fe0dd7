"""``firstbyte dns wire``: where octets come from, and how they are drawn."""

import io
import json
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
