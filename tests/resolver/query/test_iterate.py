"""From the root: the walk, the verdicts, the chain of trust."""

import asyncio

import pytest
from msgspec.structs import replace

from firstbyte.diagnosis import diagnose
from firstbyte.errors import UsageError
from firstbyte.protocols.dns import walker
from firstbyte.rendering.dns_audit import audit
from firstbyte.rendering.look import Look
from firstbyte.resolver.query.iterate import iterate
from firstbyte.resolver.query.words import parse
from testbed.dns_tree import PLAIN, dns_tree


def resolved(words, *faults, audit=False, **config):
    async def program():
        async with dns_tree(*faults) as tree:
            wanted = replace(parse(tuple(words.split())), audit=audit)
            return await iterate(wanted, tree.config(**config))

    return asyncio.run(program())


def verdicts(outcome):
    return {link.zone: link.verdict for link in outcome.chain}


def test_a_signed_name_is_proved_link_by_link():
    outcome = resolved("www.example.org")
    assert outcome.verdicts == ("secure",)
    assert verdicts(outcome) == dict.fromkeys([".", "org.", "example.org."], "secure")
    root, org, zone = outcome.chain
    assert root.delegations[0].anchor
    assert org.delegations[0].matches
    assert [seal.covered for seal in zone.seals] == ["DNSKEY", "A"]
    assert all(seal.problem is None for link in outcome.chain for seal in link.seals)
    assert walker.decode(outcome.exchanges[0].response).answer


def test_the_walk_goes_down_by_referrals():
    steps = resolved("www.example.org", qname_minimisation="off").walk.steps
    wanted = [(s.zone, s.outcome) for s in steps if s.name == "www.example.org."]
    assert wanted[:3] == [(".", "referral"), ("org.", "referral"), ("example.org.", "answer")]
    assert steps[-1].rtt_ms > 0
    assert any(step.server == "ns.org." for step in steps)


def test_an_unsigned_zone_is_proved_insecure():
    outcome = resolved("www.plain")
    assert outcome.verdicts == ("insecure",)
    plain = outcome.chain[-1]
    assert (plain.zone, plain.verdict, plain.denial) == ("plain.", "insecure", "NSEC")


def test_a_broken_link_is_told_once():
    outcome = resolved("no.example.org", "missing-denial")
    assert outcome.verdicts == ("bogus",)
    assert outcome.reasons == (("nothing proves that no.example.org. does not exist",),)


@pytest.mark.parametrize(
    ("fault", "zone", "words", "finding_id"),
    [
        ("wrong-ds@example.org", "example.org.", "no DNSKEY", "dns.ds_without_key"),
        ("broken-signatures@org", "org.", "does not verify", "dns.bogus"),
    ],
)
def test_a_broken_link_is_named(fault, zone, words, finding_id):
    outcome = resolved("www.example.org", fault)
    assert outcome.verdicts == ("bogus",)
    assert verdicts(outcome)[zone] == "bogus"
    findings = diagnose(outcome.journey)
    assert (findings[0].id, findings[0].severity) == ("dns.bogus", "critical")
    assert words in findings[0].evidence
    assert finding_id in {finding.id for finding in findings}


def test_an_expired_signature_over_the_answer_is_named():
    outcome = resolved("www.example.org", "expired-signatures@www.example.org")
    assert outcome.verdicts == ("bogus",)
    seal = outcome.chain[-1].seals[-1]
    assert seal.problem == "signature over www.example.org. A has expired"


def test_several_questions_share_what_is_known():
    outcome = resolved("www.example.org mail.example.org A AAAA")
    assert len(outcome.exchanges) == 4
    asked = [(step.name, step.type) for step in outcome.walk.steps]
    assert asked.count(("org.", "DNSKEY")) == 1


def test_a_silent_server_is_told():
    outcome = resolved("www.plain", "silent@www.plain", question_timeout=1.5)
    assert any(step.failed for step in outcome.walk.steps)
    assert outcome.verdicts == (None,) or outcome.exchanges[0].response


def test_an_audit_inspects_every_server_of_the_zone():
    two = PLAIN + "@ 86400 NS ns2\nns2 86400 A 192.0.2.5\n"

    async def program():
        async with dns_tree("tcp-silent@plain", plain=(two, two)) as tree:
            await tree.servers["192.0.2.5"].close()
            wanted = replace(parse(("www.plain",)), audit=True, timeout_s=0.2, tries=1)
            return await iterate(wanted, tree.config())

    outcome = asyncio.run(program())
    assert outcome.audited == "plain."
    first, second = outcome.inspected
    assert (first.server, first.address, first.serial) == ("ns.plain.", "192.0.2.4", 1)
    assert (first.edns, first.tcp, first.delegated, first.own) == (True, False, True, True)
    assert (second.server, second.delegated, second.own) == ("ns2.plain.", False, True)
    assert second.failure == "connection refused"


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_of_an_audit_keeps_its_width(width):
    outcome = resolved("www.example.org", audit=True)
    lines = audit(outcome.audited, outcome.inspected, Look(width, True))
    assert max(line.cell_len for line in lines) <= width
    assert "open" in lines[2].plain
    assert "not in the address map" in lines[-1].plain


def test_only_the_internet_has_a_root():
    with pytest.raises(UsageError):
        resolved("version.bind CH TXT")
