"""Each fault of the authoritative server as a walk from the root sees it: code, EDE, findings."""

import asyncio

import pytest
from msgspec.structs import replace

from firstbyte.diagnosis import diagnose
from firstbyte.protocols.dns import ede, walker
from firstbyte.resolver.query.iterate import iterate
from firstbyte.resolver.query.words import parse
from firstbyte.server.dns.faults.fault import Order
from firstbyte.server.dns.faults.registry import all_faults
from testbed.dns_tree import PLAIN, dns_tree

NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
WWW, NONE = "www.example.org", "nothing.example.org"
SEEN = [
    # fault, question, code, verdict, extended errors, findings
    ("broken-signatures@www.example.org", WWW, SERVFAIL, "bogus", {6}, {"dns.bogus"}),
    ("expired-signatures@www.example.org", WWW, SERVFAIL, "bogus", {7}, {"dns.bogus"}),
    ("future-signatures@www.example.org", WWW, SERVFAIL, "bogus", {8}, {"dns.bogus"}),
    ("missing-signatures@www.example.org", WWW, SERVFAIL, "bogus", {10}, {"dns.bogus"}),
    ("missing-denial@example.org", NONE, SERVFAIL, "bogus", {12}, {"dns.bogus"}),
    ("wrong-ds@example.org", WWW, SERVFAIL, "bogus", {9}, {"dns.bogus", "dns.ds_without_key"}),
    ("no-edns@www.example.org", WWW, SERVFAIL, "bogus", {10}, {"dns.no_edns"}),
    ("no-edns@www.plain", "www.plain", NOERROR, "insecure", set(), {"dns.no_edns"}),
    ("case-folding@www.example.org", WWW, NOERROR, "secure", set(), {"dns.case_changed"}),
    ("garbled@www.example.org", WWW, SERVFAIL, None, {22, 23}, {"dns.malformed"}),
    ("lame@www.example.org", WWW, SERVFAIL, None, {22}, {"dns.lame", "dns.servfail"}),
    ("upward-referral@www.example.org", WWW, SERVFAIL, None, {20}, {"dns.lame"}),
    ("servfail@www.example.org", WWW, SERVFAIL, None, {22, 23}, {"dns.servfail"}),
    ("silent@www.example.org", WWW, SERVFAIL, None, {22}, {"dns.dead_server", "dns.silent"}),
    ("slow=0.5@www.plain", "www.plain", NOERROR, "insecure", set(), {"dns.slow_server"}),
    ("missing-glue@example.org", WWW, SERVFAIL, None, {22}, {"dns.missing_glue"}),
    ("truncating@www.example.org", WWW, NOERROR, "secure", set(), {"dns.truncated"}),
    ("spoofing@www.example.org", WWW, NOERROR, "secure", set(), set()),
    ("poisoning@www.example.org", WWW, NOERROR, "secure", set(), set()),
]
ALWAYS = {"dns.no_ipv6", "dns.single_server"}
"""The tree has one server for each zone, at an IPv4 address."""


def walked(fault, question, *, audit=False, plain=(PLAIN,)):
    async def program():
        async with dns_tree(fault, plain=plain) as tree:
            wanted = replace(parse((question,)), audit=audit, timeout_s=0.2, tries=1)
            return await iterate(wanted, tree.config(question_timeout=1.2))

    outcome = asyncio.run(program())
    return outcome, {finding.id for finding in diagnose(outcome.journey)} - ALWAYS


@pytest.mark.parametrize(
    ("fault", "question", "rcode", "verdict", "errors", "findings"),
    SEEN,
    ids=[row[0].partition("@")[0] for row in SEEN],
)
def test_the_fault_is_seen(fault, question, rcode, verdict, errors, findings):
    outcome, found = walked(fault, question)
    message = walker.decode(outcome.exchanges[0].response)
    assert message.rcode == rcode
    assert outcome.verdicts[0] == verdict
    assert {code for code, _ in ede.errors(message.edns)} >= errors
    assert found >= findings
    if not findings:
        assert found == set()


def test_an_edns_silent_server_is_told_from_a_dead_one_by_an_audit():
    async def program():
        async with dns_tree() as tree:
            silent = all_faults()["edns-silent"].treatment(Order())
            tree.servers["192.0.2.4"].treatments = [silent]
            wanted = replace(parse(("www.plain",)), audit=True, timeout_s=0.2, tries=1)
            return await iterate(wanted, tree.config(question_timeout=0.5))

    outcome = asyncio.run(program())
    assert [(one.server, one.edns) for one in outcome.inspected] == [("ns.plain.", False)]
    assert "dns.no_edns" in {finding.id for finding in diagnose(outcome.journey)}


def test_what_only_an_audit_sees():
    assert "dns.no_tcp" not in walked("tcp-silent@plain", "www.plain")[1]
    assert "dns.no_tcp" in walked("tcp-silent@plain", "www.plain", audit=True)[1]


def test_a_sound_tree_has_no_finding_but_what_is_so():
    assert walked("slow=0@nowhere", WWW)[1] == set()
