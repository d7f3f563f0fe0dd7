"""HAR 1.2: every rule of the published specification that can be checked, and the sums."""

import jsonschema
import msgspec
import pytest

from firstbyte.journey.model import Phase, Phases
from firstbyte.rendering.exports.har import archive
from testbed.journeys import expired, healthy, healthy_hop, redirected

PAIR = {
    "type": "object",
    "required": ["name", "value"],
    "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
}
MILLISECONDS = {"type": "number", "minimum": -1}
# http://www.softwareishard.com/blog/har-12-spec/: required fields, types, ranges
HAR = {
    "type": "object",
    "required": ["log"],
    "properties": {
        "log": {
            "type": "object",
            "required": ["version", "creator", "entries"],
            "properties": {
                "version": {"const": "1.2"},
                "creator": {
                    "type": "object",
                    "required": ["name", "version"],
                    "additionalProperties": {"type": "string"},
                },
                "pages": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["startedDateTime", "id", "title", "pageTimings"],
                        "properties": {
                            "startedDateTime": {"$ref": "#/$defs/moment"},
                            "id": {"type": "string"},
                            "title": {"type": "string"},
                            "pageTimings": {
                                "type": "object",
                                "properties": {
                                    "onContentLoad": MILLISECONDS,
                                    "onLoad": MILLISECONDS,
                                },
                            },
                        },
                    },
                },
                "entries": {"type": "array", "items": {"$ref": "#/$defs/entry"}},
            },
        }
    },
    "$defs": {
        "moment": {
            "type": "string",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+([+-]\d\d:\d\d|Z)$",
        },
        "entry": {
            "type": "object",
            "required": ["startedDateTime", "time", "request", "response", "cache", "timings"],
            "properties": {
                "pageref": {"type": "string"},
                "startedDateTime": {"$ref": "#/$defs/moment"},
                "time": {"type": "number", "minimum": 0},
                "cache": {"type": "object"},
                "serverIPAddress": {"type": "string"},
                "connection": {"type": "string"},
                "request": {
                    "type": "object",
                    "required": [
                        "method",
                        "url",
                        "httpVersion",
                        "cookies",
                        "headers",
                        "queryString",
                        "headersSize",
                        "bodySize",
                    ],
                    "properties": {
                        "method": {"type": "string"},
                        "url": {"type": "string", "pattern": "^[^#]+$"},
                        "httpVersion": {"type": "string"},
                        "cookies": {"type": "array", "items": PAIR},
                        "headers": {"type": "array", "items": PAIR},
                        "queryString": {"type": "array", "items": PAIR},
                        "headersSize": {"type": "integer", "minimum": -1},
                        "bodySize": {"type": "integer", "minimum": -1},
                    },
                },
                "response": {
                    "type": "object",
                    "required": [
                        "status",
                        "statusText",
                        "httpVersion",
                        "cookies",
                        "headers",
                        "content",
                        "redirectURL",
                        "headersSize",
                        "bodySize",
                    ],
                    "properties": {
                        "status": {"type": "integer", "minimum": 0},
                        "statusText": {"type": "string"},
                        "httpVersion": {"type": "string"},
                        "cookies": {"type": "array", "items": PAIR},
                        "headers": {"type": "array", "items": PAIR},
                        "redirectURL": {"type": "string"},
                        "headersSize": {"type": "integer", "minimum": -1},
                        "bodySize": {"type": "integer", "minimum": -1},
                        "content": {
                            "type": "object",
                            "required": ["size", "mimeType"],
                            "properties": {
                                "size": {"type": "integer", "minimum": 0},
                                "compression": {"type": "integer"},
                                "mimeType": {"type": "string"},
                            },
                        },
                    },
                },
                "timings": {
                    "type": "object",
                    "required": ["send", "wait", "receive"],
                    "properties": {
                        **dict.fromkeys(("blocked", "dns", "connect", "ssl"), MILLISECONDS),
                        **{name: {"type": "number"} for name in ("send", "wait", "receive")},
                    },
                    "additionalProperties": False,
                },
            },
        },
    },
}
QUIC_HOP = healthy_hop(
    phases=Phases(
        quic=Phase(1.0, 21.0, "QUIC"), send=Phase(22.0, 0.1, ""), wait=Phase(22.1, 9.9, "")
    ),
    last_byte_ms=32.0,
)


@pytest.mark.parametrize(
    "journey",
    [healthy(), redirected(), expired(), healthy(hops=(QUIC_HOP,)), healthy(hops=())],
    ids=["healthy", "redirected", "expired", "quic", "empty"],
)
def test_an_archive_keeps_the_specification(journey) -> None:
    har = archive([journey])
    jsonschema.validate(har, HAR)
    ids = [page["id"] for page in har["log"]["pages"]]
    for entry in har["log"]["entries"]:
        assert entry["pageref"] in ids
        timings = entry["timings"]
        known = sum(v for name, v in timings.items() if name != "ssl" and v >= 0)
        assert entry["time"] == pytest.approx(known)
        assert timings["connect"] >= timings["ssl"]


def test_times_are_those_of_the_phases() -> None:
    (entry,) = archive([healthy()])["log"]["entries"]
    assert entry["timings"] == {
        "blocked": pytest.approx(0.1),
        "dns": 30.4,
        "connect": 44.1,
        "ssl": 23.9,
        "send": 0.2,
        "wait": 70.4,
        "receive": 37.1,
    }
    assert entry["time"] == 182.3
    assert entry["startedDateTime"] == "2026-11-21T04:05:06.789+00:00"


def test_what_did_not_happen_is_minus_one() -> None:
    first = archive([redirected()])["log"]["entries"][0]
    assert first["timings"]["ssl"] == -1
    (only,) = archive([healthy(hops=(QUIC_HOP,))])["log"]["entries"]
    assert (only["timings"]["dns"], only["timings"]["ssl"], only["timings"]["connect"]) == (
        -1,
        21.0,
        21.0,
    )


def test_each_request_is_an_entry_on_one_page() -> None:
    log = archive([redirected(), healthy()])["log"]
    assert [entry["pageref"] for entry in log["entries"]] == ["page_1", "page_1", "page_2"]
    assert log["entries"][0]["response"]["redirectURL"] == "https://shop.example/basket"


def test_cookies_and_queries_are_taken_apart() -> None:
    http = msgspec.structs.replace(
        healthy_hop().http,
        request_headers=(("cookie", "a=1; b=[redacted]"),),
        response_headers=(("set-cookie", "c=3; Path=/"),),
    )
    hop = healthy_hop(url="https://shop.example/?q=1&r=#top", http=http)
    (entry,) = archive([healthy(hops=(hop,))])["log"]["entries"]
    assert entry["request"]["cookies"] == [
        {"name": "a", "value": "1"},
        {"name": "b", "value": "[redacted]"},
    ]
    assert entry["response"]["cookies"] == [{"name": "c", "value": "3"}]
    assert entry["request"]["queryString"] == [
        {"name": "q", "value": "1"},
        {"name": "r", "value": ""},
    ]


def test_a_failure_is_named_on_its_entry() -> None:
    (entry,) = archive([expired()])["log"]["entries"]
    assert entry["response"]["status"] == 0
    assert entry["_error"]["id"] == "tls.cert.expired"
