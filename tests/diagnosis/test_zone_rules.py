"""Where findings of zones begin and end: the cases next to the faults."""

import hashlib

import pytest

from firstbyte.diagnosis import diagnose
from testbed.events import Story
from testbed.zone_faults import (
    KEY,
    NAME,
    ONE,
    TWO,
    answered,
    expiring,
    hashing,
    referred,
    without_key,
)


def found(story: Story, finding_id: str) -> list[str]:
    """The severities with which a story has a finding."""
    return [one.severity for one in diagnose(story.journey()) if one.id == finding_id]


@pytest.mark.parametrize(
    ("expires", "times"),
    [
        ("20260303000000", 1),
        ("20260306000000", 0),
        ("20260301000000", 0),
        ("20260410000000", 0),
        ("not a time", 0),
    ],
)
def test_a_signature_is_late_in_the_last_fifth_of_its_life(expires: str, times: int) -> None:
    assert len(found(expiring(expires), "dns.signature_expiring")) == times


@pytest.mark.parametrize(
    ("parameters", "severity"),
    [
        ("1 0 0 -", []),
        ("1 0 0 abcd", ["info"]),
        ("1 0 1 -", ["warning"]),
        ("1 1 150 -", ["error"]),
    ],
)
def test_nsec3_is_judged_by_its_rounds(parameters: str, severity: list[str]) -> None:
    assert found(hashing(parameters), "dns.nsec3_iterations") == severity


def test_no_ds_that_fits_is_an_error_and_a_spare_one_is_not() -> None:
    assert found(without_key(), "dns.ds_without_key") == ["error"]
    rdata = bytes.fromhex("0101030d") + bytes(12)
    digest = hashlib.sha256(b"\x04zone\x04test\0" + rdata).hexdigest()
    key = "zone.test 60 DNSKEY 257 3 13 " + "AAAA" * 4
    good, bad = f"zone.test 60 DS 1038 13 2 {digest}", f"zone.test 60 DS 1038 13 2 {'00' * 32}"
    for sets, severities in (((good,), []), ((bad,), ["error"]), ((good, bad), ["info"])):
        story = referred(more=sets)
        story.zone_answer("zone.test", "zone.test DNSKEY", ONE, answers=[key])
        assert found(story, "dns.ds_without_key") == severities


def test_glue_is_needed_for_servers_inside_the_zone_alone() -> None:
    assert found(referred(glue=()), "dns.missing_glue") == ["error"]
    half = referred(glue=(f"ns1.zone.test 60 A {ONE}",))
    assert found(half, "dns.missing_glue") == ["warning"]
    outside = referred(servers=("ns.other.test.",), glue=())
    assert found(outside, "dns.missing_glue") == []


def test_two_names_for_one_address_are_one_server() -> None:
    same = (f"ns1.zone.test 60 A {ONE}", f"ns2.zone.test 60 A {ONE}")
    assert found(referred(glue=same), "dns.single_server") == ["info"]
    assert found(referred(), "dns.single_server") == []


def test_an_ipv6_address_among_the_glue_is_enough() -> None:
    glue = (f"ns1.zone.test 60 A {ONE}", "ns2.zone.test 60 AAAA 2001:db8::2")
    assert found(referred(glue=glue), "dns.no_ipv6") == []


def test_servers_agree_whatever_the_order_and_the_letters() -> None:
    two = ["www.zone.test 60 MX 1 A.test.", "www.zone.test 60 MX 2 b.test."]
    story = answered(*two)
    story.zone_answer("zone.test", NAME, TWO, answers=[two[1], two[0].replace("A.t", "a.T")])
    assert found(story, "dns.answers_differ") == []


@pytest.mark.parametrize(
    ("kind", "data", "severities"),
    [
        ("A", "192.0.2.81", ["info"]),
        ("AAAA", "2001:db8::1", ["info"]),
        ("MX", "10 other.test.", ["warning"]),
        ("A", "", ["warning"]),
    ],
)
def test_a_choice_of_addresses_is_only_worth_knowing(
    kind: str, data: str, severities: list[str]
) -> None:
    question = f"www.zone.test {kind}"
    first = {"A": "192.0.2.80", "AAAA": "2001:db8::2"}.get(kind, "10 mail.test.")
    story = answered(f"www.zone.test 60 {kind} {first}", question=question)
    other = [f"www.zone.test 60 {kind} {data}"] if data else []
    meaning = "answer" if data else "nodata"
    story.zone_answer("zone.test", question, TWO, answers=other, kind=meaning)
    assert found(story, "dns.answers_differ") == severities


def test_a_truncated_answer_is_no_other_answer() -> None:
    story = answered("www.zone.test 60 A 192.0.2.80")
    story.zone_answer("zone.test", NAME, TWO, flags=("qr", "aa", "tc"), kind="nodata")
    assert found(story, "dns.answers_differ") == []


def test_a_short_rsa_key_is_only_worth_knowing() -> None:
    story = answered(KEY.format(8), question="zone.test DNSKEY")
    assert found(story, "dns.weak_algorithm") == ["info"]


def test_a_stub_has_no_findings_of_zones() -> None:
    story = Story().lookup().connect().exchange()
    ids = {finding.id for finding in diagnose(story.journey())}
    assert not {one for one in ids if one.startswith("dns.")}
