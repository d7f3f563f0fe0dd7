import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from firstbyte.events import Event, tcp, tls
from firstbyte.events.dns import Record
from firstbyte.journey import model
from firstbyte.journey.builder import build_journey
from firstbyte.journey.event_reference import events_page
from firstbyte.journey.partition import Cause
from firstbyte.journey.schema import journey_schema, schema_text
from testbed import arbitrary
from testbed.events import STARTED_AT, Story, healthy

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
AGAIN = "run scripts/write-reference and commit what it writes"


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = journey_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_published_schema_is_current() -> None:
    published = (REFERENCE / "journey.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(), AGAIN


def test_the_events_page_is_current() -> None:
    assert (REFERENCE / "events.md").read_text(encoding="utf-8") == events_page(), AGAIN


def stories() -> Iterator[Story]:
    yield healthy()
    yield healthy(source="simulated")
    yield Story().lookup_fails("dns.nxdomain", rcode="NXDOMAIN")
    yield Story().lookup().connect_fails().fails("tcp.refused", "tcp")
    yield Story().lookup().connect().handshake_fails("tls.dropped")
    yield Story().lookup().connect_quic().exchange(version="3")
    redirected = Story().lookup().connect().handshake()
    redirected.exchange(status=302, headers=(("location", "/a"),))
    yield redirected.redirect("https://site.test/a", reused=True).exchange()


@pytest.mark.parametrize("story", list(stories()))
def test_journeys_validate(validator: Any, story: Story) -> None:
    validator.validate(json.loads(story.journey().to_json()))


@settings(max_examples=25)
@given(events=arbitrary.events())
def test_any_journey_validates(validator: Any, events: list[Event]) -> None:
    journey = build_journey(events, url="https://x/", started_at=STARTED_AT, network="kernel")
    validator.validate(json.loads(journey.to_json()))


def test_what_is_no_journey_does_not_validate(validator: Any) -> None:
    broken = json.loads(healthy().journey().to_json())
    broken["hops"][0]["status"] = "200"
    del broken["outcome"]["ok"]
    assert len(list(validator.iter_errors(broken))) == 2


def structs() -> Iterator[type[Any]]:
    own = vars(model).values()
    yield from (s for s in own if isinstance(s, type) and s.__module__ == model.__name__)
    yield from (tls.Certificate, tls.VerifyError, tls.Staple, tcp.TcpInfo, Record)


def fields(struct: type[Any]) -> tuple[str, ...]:
    return getattr(struct, "__struct_encode_fields__", ())


@pytest.mark.parametrize("struct", list(structs()), ids=lambda struct: struct.__name__)
def test_the_reference_names_every_field(struct: type[Any]) -> None:
    page = (REFERENCE / "journey.md").read_text(encoding="utf-8")
    assert [field for field in fields(struct) if f"`{field}`" not in page] == []


def test_the_reference_names_every_cause() -> None:
    page = (REFERENCE / "journey.md").read_text(encoding="utf-8")
    assert [cause for cause in Cause.__args__ if f"| `{cause}` |" not in page] == []  # type: ignore[attr-defined]
