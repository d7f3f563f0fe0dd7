"""Pages about names: complete, in width, and safe against what peers send."""

import asyncio
import json

import dns.message
import dns.rrset
import pytest

from firstbyte.journey.resolution import Exchange, Outcome, Step, Walk
from firstbyte.rendering import dns_walk
from firstbyte.rendering.dns_dig import page as dig_page
from firstbyte.rendering.dns_dig import short
from firstbyte.rendering.dns_page import page
from firstbyte.rendering.exports.dns_json import to_json
from firstbyte.rendering.look import Look
from firstbyte.resolver.query.iterate import iterate
from firstbyte.resolver.query.words import parse
from testbed.dns_tree import dns_tree


@pytest.fixture(scope="module")
def outcome():
    async def program():
        async with dns_tree() as tree:
            words = parse(("www.example.org", "big.example.org", "www.plain", "TXT", "A"))
            return await iterate(words, tree.config())

    return asyncio.run(program())


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("ladder", [True, False])
def test_pages_keep_their_width(outcome, width, unicode, ladder):
    lines = page(outcome, Look(width, unicode), draw_ladder=ladder)
    assert max(line.cell_len for line in lines) <= width
    text = "\n".join(line.plain for line in lines)
    assert text.startswith("www.example.org TXT  NOERROR, secure")
    assert "The chain of trust" in text
    assert "192.0.2.80" in text
    assert unicode or text.isascii()


@pytest.mark.parametrize("ladder", [True, False])
def test_many_failures_alike_are_told_in_one_line(ladder):
    steps = [
        Step(number=i, zone=".", name=".", type="NS", address=f"192.0.2.{i}", outcome="unreachable")
        for i in range(1, 61)
    ]
    steps.append(Step(number=61, zone=".", name=".", type="NS", address="a", rcode="NOERROR"))
    drawing = dns_walk.ladder if ladder else dns_walk.walk
    lines = [line.plain for line in drawing(Walk(steps=tuple(steps)), Look(80, True))]
    assert len(lines) < 20
    assert sum("✖ unreachable: 56 more questions, 60 servers in all" in line for line in lines) == 1
    assert lines[0].startswith("The walk: 61 questions" if not ladder else "resolver")


def exchange(response, **more):
    query = dns.message.make_query("x.test", "TXT").to_wire()
    return Exchange(
        name="x.test",
        type="TXT",
        server="192.0.2.1",
        port=53,
        transport="udp",
        query=query,
        response=response,
        **more,
    )


def test_json_has_every_record_that_the_header_counts(outcome):
    data = json.loads(to_json(outcome))
    for one in data["exchanges"]:
        for message in (one["queryMessage"], one["responseMessage"]):
            assert message["ARCOUNT"] == len(message["additionalRRs"])
            assert message["additionalRRs"][-1]["TYPEname"] == "OPT"
            assert message["additionalRRs"][-1]["CLASS"] == message["EDNS"]["udpPayloadSize"]
            assert int(message["EDNS"]["DO"]) == message["additionalRRs"][-1]["TTL"] >> 15 & 1


def test_what_peers_send_cannot_move_the_cursor():
    response = dns.message.from_text(
        "id 1\nopcode QUERY\nrcode NOERROR\nflags QR\n;QUESTION\nx.test. IN TXT\n"
        ';ANSWER\nx.test. 60 IN TXT "\\027[31mred"\n'
    ).to_wire()
    bad = exchange(response, failure="\x1b[2J")
    for text in (
        "\n".join(line.plain for line in page(Outcome(exchanges=(bad,)), Look())),
        "\n".join(dig_page(bad)),
        "\n".join(short(bad)),
    ):
        assert "\x1b" not in text


def test_a_broken_answer_is_told():
    broken = exchange(b"\0\1\x80\0" + b"\xff" * 20)
    assert "malformed" in page(Outcome(exchanges=(broken,)), Look())[0].plain
    assert any("Got bad packet" in line for line in dig_page(broken))


def test_no_answer_is_told():
    silent = exchange(None, failure="no answer within 5 s")
    assert "no answer within 5 s" in page(Outcome(exchanges=(silent,)), Look())[0].plain


def test_json_has_messages_as_rfc_8427(outcome):
    data = json.loads(to_json(outcome))
    assert data["schema_version"] == 1
    message = data["exchanges"][1]["responseMessage"]
    assert message["QNAME"] == "www.example.org."
    assert message["answerRRs"][0]["rdataA"] == "192.0.2.80"
    assert message["ANCOUNT"] == 1
    assert data["exchanges"][1]["security"] == "secure"
    assert data["chain_of_trust"][0]["zone"] == "."


def test_malformed_records_are_not_passed_over_in_silence():
    good = dns.message.make_response(dns.message.make_query("x.test", "A"))
    good.answer.append(dns.rrset.from_text("x.test.", 60, "IN", "A", "192.0.2.1", "192.0.2.2"))
    data = good.to_wire()
    broken = data.replace(b"\0\4\xc0\0\2\1", b"\0\3\xc0\0\2")
    assert ";; WARNING: 1 malformed record left out" in dig_page(exchange(broken))
    assert "malformed" not in "\n".join(dig_page(exchange(data)))
