"""Questions to one server: retries, truncation, transfers, forgery, silence."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import walker
from firstbyte.resolver.query.carry import answers
from firstbyte.resolver.query.making import make_query
from firstbyte.resolver.query.plain import Question, ask
from firstbyte.resolver.query.wanted import Wanted
from firstbyte.resolver.query.words import parse
from firstbyte.server.dns.faults.registry import choose, treatments
from firstbyte.server.dns.serving import NameServer
from firstbyte.server.dns.zone_set import ZoneSet
from testbed.name_server import parent_zone


def asked(words, *faults, dead_first=False):
    async def program():
        chosen = treatments([choose(text, 0.0) for text in faults])
        async with NameServer(ZoneSet([parent_zone()]), treatments=chosen) as server:
            wanted = parse(tuple(words.split()))
            name, rdtype = wanted.questions[0]
            servers = (server.address,)
            if dead_first:
                servers = (("127.0.0.1", 1), *servers)
            return await ask(Question(name, rdtype, servers), wanted)

    return asyncio.run(program())


def test_an_answer():
    exchange = asked("www.example.org +dnssec")
    message = walker.decode(exchange.response)
    assert message.answer[0].rdata == bytes((192, 0, 2, 80))
    assert exchange.transport == "udp"
    assert exchange.rtt_ms > 0


def test_truncated_answers_come_again_over_tcp():
    exchange = asked("www.example.org", "truncating")
    assert exchange.transport == "tcp"
    assert walker.decode(exchange.response).answer
    assert "Truncated" in exchange.notes[0]
    kept = asked("www.example.org +ignore", "truncating")
    assert kept.transport == "udp"


def test_forged_answers_are_not_believed():
    exchange = asked("www.example.org", "spoofing")
    assert walker.decode(exchange.response).answer[0].rdata == bytes((192, 0, 2, 80))


def test_silence_is_told():
    exchange = asked("www.example.org +time=1 +tries=1", "silent")
    assert exchange.response is None
    assert exchange.failure == "no answer within 1 s"


def test_the_next_server_is_asked_when_one_refuses_connections():
    exchange = asked("www.example.org", dead_first=True)
    assert exchange.attempts == 2
    assert "refused" in exchange.notes[0]


@pytest.mark.parametrize("kind", ["AXFR", "IXFR=1"])
def test_transfers(kind):
    exchange = asked(f"example.org {kind}")
    records = [
        record
        for data in (exchange.response, *exchange.more)
        for record in walker.decode(data).answer
    ]
    assert records[0] == records[-1]
    assert len(records) > 25


@pytest.mark.parametrize("serial", [1, 2, 4294967295])
def test_who_has_the_newest_version_gets_its_soa_alone(serial):
    newest = (await_serial() + serial - 1) % 2**32
    exchange = asked(f"example.org IXFR={newest}")
    assert exchange.failure is None
    assert not exchange.more


def await_serial():
    exchange = asked("example.org SOA")
    return int.from_bytes(walker.decode(exchange.response).answer[0].rdata[-20:-16], "big")


def test_a_refused_transfer_is_an_answer():
    assert walker.decode(asked("other.test AXFR").response).rcode == 5


def test_internationalised_names():
    message = walker.decode(make_query("bücher.example", 1, Wanted()))
    assert message.qname == b"\x0dxn--bcher-kva\x07example\0"
    with pytest.raises(DecodeError):
        make_query("a" * 64 + ".test", 1, Wanted())


@given(st.binary(max_size=80))
def test_only_our_question_is_answered(data):
    query = make_query("www.example.org", 1, Wanted())
    assert not answers(query, query)
    head = query[:2] + b"\x80" + data
    if answers(query, head):
        assert head[4:6] == b"\0\0" or head[12:33].lower() == query[12:33].lower()
