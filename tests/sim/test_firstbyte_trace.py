"""firstbyte's own trace, unchanged, in the private internet: exact times, packets really seen."""

import asyncio

import pytest

from firstbyte.client.options import HttpOptions, TraceOptions
from firstbyte.client.trace import trace
from testbed.sim_programs import answer_with

answer = answer_with(b"ok")


def causes(journey):
    return [(interval.cause, interval.duration_ms) for interval in journey.ledger]


def test_http(pair):
    pair.server.run(asyncio.start_server(answer, "0.0.0.0", 80))
    journey = pair.run(trace("http://server.example/"))
    assert journey.outcome.ok
    assert journey.network == "simulated"
    assert causes(journey) == [("tcp_handshake", 80.0), ("request_round_trip", 80.0)]
    segments = [event for event in journey.events if event.type == "tcp.segment"]
    assert {event.source for event in segments} == {"simulated"}
    assert [event.what.flags for event in segments[:3]] == ["SYN", "SYN ACK", "ACK"]
    assert [event.at_ns for event in segments[:3]] == [0, 80_000_000, 80_000_000]


def test_https_with_the_worlds_ca(pair, server_tls):
    """Three round trips: Finished and request leave together, so Nagle must be off."""
    pair.server.run(asyncio.start_server(answer, "0.0.0.0", 443, ssl=server_tls))
    journey = pair.run(trace("https://server.example/"))
    assert journey.outcome.ok
    assert journey.totals.first_byte_ms == pytest.approx(240.0, abs=0.001)
    assert [cause for cause, _ in causes(journey)] == [
        "tcp_handshake",
        "tls_round_trip",
        "request_round_trip",
    ]


def test_http3(pair, serve_http3):
    pair.server.run(serve_http3(443))
    options = TraceOptions(http=HttpOptions(version="3", only=True))
    journey = pair.run(trace("https://server.example/", options))
    assert journey.outcome.ok
    assert causes(journey) == [("quic_handshake", 80.0), ("request_round_trip", 80.0)]
    assert "CLIENT_HANDSHAKE_TRAFFIC_SECRET" in pair.internet.keylog


def test_refused_and_unknown(pair):
    refused = pair.run(trace("http://server.example:81/"))
    unknown = pair.run(trace("http://nowhere.example/"))
    assert refused.outcome.error.id == "tcp.refused"
    assert unknown.outcome.error.id.startswith("dns.")
