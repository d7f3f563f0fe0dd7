"""The machine on a healthy tree: what it answers, and what it asks for it."""

import dns.message
import dns.rdatatype
import dns.rrset
import pytest

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import names
from firstbyte.resolver.machine.settings import CacheSettings, StaleSettings
from firstbyte.resolver.machine.values import Ede, Question, Security

HEALTHY = [
    ("www.secure.example.", "A", c.NOERROR, Security.SECURE, 1),
    ("alias.secure.example.", "A", c.NOERROR, Security.SECURE, 2),
    ("x.wild.secure.example.", "A", c.NOERROR, Security.SECURE, 1),
    ("x.wild.secure.example.", "AAAA", c.NOERROR, Security.SECURE, 0),
    ("www.secure.example.", "AAAA", c.NOERROR, Security.SECURE, 0),
    ("b.ent.secure.example.", "A", c.NOERROR, Security.SECURE, 0),
    ("nothing.secure.example.", "A", c.NXDOMAIN, Security.SECURE, 0),
    ("secure.example.", "DS", c.NOERROR, Security.SECURE, 1),
    ("plain.example.", "DS", c.NOERROR, Security.SECURE, 0),
    ("secure.example.", "DNSKEY", c.NOERROR, Security.SECURE, 1),
    ("www.plain.example.", "A", c.NOERROR, Security.INSECURE, 1),
    ("nothing.plain.example.", "A", c.NXDOMAIN, Security.INSECURE, 0),
    ("out.secure.example.", "A", c.NOERROR, Security.INSECURE, 2),
    ("back.plain.example.", "A", c.NOERROR, Security.INSECURE, 2),
    (".", "NS", c.NOERROR, Security.SECURE, 1),
    ("localhost.", "A", c.NOERROR, Security.INSECURE, 1),
    ("x.invalid.", "A", c.NXDOMAIN, Security.INSECURE, 0),
    ("1.0.0.127.in-addr.arpa.", "PTR", c.NOERROR, Security.INSECURE, 1),
]


@pytest.mark.parametrize("mode", ["off", "relaxed", "strict"])
@pytest.mark.parametrize(("name", "rdtype", "rcode", "security", "sets"), HEALTHY)
def test_healthy(make_network, mode, name, rdtype, rcode, security, sets) -> None:
    response = make_network(minimisation=mode).resolve(name, rdtype)
    assert response.rcode == rcode, response.errors
    assert response.security is security
    assert len(response.answer) == sets


def test_nothing_is_asked_twice(make_network) -> None:
    network = make_network()
    network.resolve("www.secure.example.")
    count = len(network.asked)
    again = network.resolve("www.secure.example.")
    assert again.security is Security.SECURE
    assert len(network.asked) == count
    assert len(set(network.asked)) == count


def test_minimised_questions_hide_the_name(make_network) -> None:
    network = make_network(minimisation="strict")
    network.resolve("www.secure.example.")
    root_saw = {name for server, name, _ in network.asked if server == "192.0.2.1"}
    assert "www.secure.example." not in root_saw
    assert "secure.example." not in root_saw


def test_ttl_runs_down_and_ends(make_network) -> None:
    network = make_network()
    assert network.resolve("www.secure.example.").answer[0].ttl_s == 3600
    network.unix_s += 1000
    assert 2598 <= network.resolve("www.secure.example.").answer[0].ttl_s <= 2600
    count = len(network.asked)
    network.unix_s += 3000
    assert network.resolve("www.secure.example.").answer[0].ttl_s == 3600
    assert len(network.asked) > count


def test_caps_on_ttl(make_network) -> None:
    network = make_network(cache=CacheSettings(max_ttl_s=60))
    assert network.resolve("www.plain.example.").answer[0].ttl_s == 60


def test_stale_data_when_all_servers_are_silent(make_network) -> None:
    stale = CacheSettings(stale=StaleSettings(enabled=True, reply_ttl_s=30))
    network = make_network(cache=stale)
    assert network.resolve("www.plain.example.").rcode == c.NOERROR
    network.unix_s += 4000
    network.mutate = lambda *_: None
    response = network.resolve("www.plain.example.")
    assert response.stale
    assert response.answer[0].ttl_s == 30
    assert response.errors[0].code is Ede.STALE_ANSWER
    network.unix_s += 100_000
    assert network.resolve("www.plain.example.").rcode == c.SERVFAIL


def test_silence_ends_with_a_reason(make_network) -> None:
    response = make_network(lambda *_: None).resolve("www.secure.example.")
    assert response.rcode == c.SERVFAIL
    assert response.errors


def test_failures_are_remembered(make_network) -> None:
    network = make_network(lambda *_: None)
    network.resolve("www.secure.example.")
    network.rest()
    count = len(network.asked)
    response = network.resolve("www.secure.example.")
    assert len(network.asked) == count
    assert Ede.CACHED_ERROR in {error.code for error in response.errors}


def test_a_known_alias_answers_for_any_type(make_network) -> None:
    """RFC 8482, 4.1: one of the sets is enough, and none would say that there is nothing."""
    network = make_network()
    network.resolve("alias.secure.example.")
    response = network.resolve("alias.secure.example.", "ANY")
    assert [rrset.rdtype for rrset in response.answer] == [c.CNAME]
    assert response.security is Security.SECURE


def test_aliases_in_a_loop(make_network) -> None:
    assert make_network().resolve("loop.secure.example.").rcode == c.SERVFAIL


def test_a_dname_makes_its_alias(make_network) -> None:
    response = make_network().resolve("x.d.secure.example.")
    assert [rrset.rdtype for rrset in response.answer[:2]] == [c.DNAME, c.CNAME]
    assert response.answer[1].rdatas[0] == names.from_text("x.www.secure.example.")
    assert response.rcode == c.NXDOMAIN
    assert response.security is Security.SECURE


def test_known_gaps_answer_without_asking(make_network) -> None:
    network = make_network()
    assert network.resolve("nothing.secure.example.").rcode == c.NXDOMAIN
    count = len(network.asked)
    response = network.resolve("nothinh.secure.example.")
    assert response.rcode == c.NXDOMAIN
    assert response.security is Security.SECURE
    assert len(network.asked) == count


def test_foreign_records_are_dropped(make_network) -> None:
    def poison(message: dns.message.Message, tree, ask) -> dns.message.Message:
        if ask.server[0] == "192.0.2.4":
            bad = dns.rrset.from_text("www.secure.example.", 9999, "IN", "A", "6.6.6.6")
            message.answer.append(bad)
            message.additional.append(bad)
        return message

    network = make_network(poison)
    network.resolve("www.plain.example.")
    network.mutate = None
    response = network.resolve("www.secure.example.")
    assert list(response.answer[0].rdatas) == [bytes((192, 0, 2, 80))]


def test_a_flood_of_server_names_is_bounded(make_network) -> None:
    def flood(message: dns.message.Message, tree, ask) -> dns.message.Message:
        if ask.server[0] != "192.0.2.2" or not names.to_text(ask.name).endswith("plain.example."):
            return message
        message.authority = [
            dns.rrset.from_text(
                "plain.example.", 3600, "IN", "NS", *(f"n{i}.victim.example." for i in range(200))
            )
        ]
        message.additional = []
        return message

    network = make_network(flood)
    assert network.resolve("www.plain.example.").rcode == c.SERVFAIL
    assert sum("victim" in name for _, name, _ in network.asked) <= 24


def test_equal_questions_share_one_resolution(make_network) -> None:
    network = make_network()
    question_count = 5

    question = Question(names.from_text("www.secure.example."), c.A)
    tickets = {network.machine.ask(question, network.now()) for _ in range(question_count)}
    assert len(network.machine.outgoing()) == 1
    assert len(tickets) == question_count


def test_a_server_that_refuses_parts_gets_the_whole_name(make_network) -> None:
    def refuse(message: dns.message.Message, tree, ask) -> dns.message.Message:
        part = names.to_text(ask.name) == "ent.secure.example."
        if part and ask.server[0] == "192.0.2.3":
            message.set_rcode(5)
            message.answer.clear()
            message.authority.clear()
        return message

    relaxed = make_network(refuse).resolve("a.b.ent.secure.example.")
    assert relaxed.security is Security.SECURE
    strict = make_network(refuse, minimisation="strict").resolve("a.b.ent.secure.example.")
    assert strict.rcode == c.SERVFAIL


def test_a_recursive_server_in_the_wrong_place_is_a_last_resort(make_network) -> None:
    def recursive(message: dns.message.Message, tree, ask) -> dns.message.Message:
        if ask.server[0] == "192.0.2.4":
            message.flags = message.flags & ~0x0400 | 0x0080
        return message

    network = make_network(recursive)
    assert network.resolve("www.plain.example.").answer


def test_a_signed_denial_of_a_part_settles_the_name(make_network) -> None:
    network = make_network()
    response = network.resolve("a.b.nowhere.secure.example.")
    assert response.rcode == c.NXDOMAIN
    assert response.security is Security.SECURE
    assert "a.b.nowhere.secure.example." not in {name for _, name, _ in network.asked}


def test_company_ages_at_its_own_pace(make_network) -> None:
    def company(message, tree, ask):
        if ask.server[0] == "192.0.2.4" and message.answer:
            message.authority = [
                dns.rrset.from_text("plain.example.", 900, "IN", "NS", "ns.plain.example.")
            ]
            message.additional = [
                dns.rrset.from_text("ns.plain.example.", 90, "IN", "A", "192.0.2.4")
            ]
        return message

    network = make_network(company, full_answers=True)
    first = network.resolve("www.plain.example.")
    assert [rrset.ttl_s for rrset in (*first.authority, *first.additional)] == [900, 90]
    assert first.ttl_s == 90, "no longer than this may the answer be given again as it is"
    network.unix_s += 100
    later = network.resolve("www.plain.example.")
    assert [rrset.ttl_s for rrset in (*later.authority, *later.additional)] == [
        pytest.approx(800, abs=2)
    ]


def test_an_answer_is_not_repeated_when_it_is_to_be_prefetched(make_network) -> None:
    network = make_network(cache=CacheSettings(prefetch=True))
    assert network.resolve("www.plain.example.").ttl_s == 3600 - 360
    network.unix_s += 3300
    count = len(network.asked)
    assert network.resolve("www.plain.example.").ttl_s <= 0
    network.rest()
    assert len(network.asked) == count + 1
    assert network.resolve("www.plain.example.").answer[0].ttl_s > 3500


def without_recursion(network, name: str):
    question = Question(names.from_text(name), c.A, recursion_desired=False)
    ticket = network.machine.ask(question, network.now())
    assert not network.machine.outgoing()
    return dict(network.machine.finished())[ticket]


def test_without_recursion_only_what_is_known_and_judged_is_given(make_network) -> None:
    network = make_network()
    assert without_recursion(network, "alias.secure.example.").rcode == c.REFUSED
    network.resolve("alias.secure.example.", cd=True)
    assert not without_recursion(network, "alias.secure.example.").answer
    network.resolve("alias.secure.example.")
    known = without_recursion(network, "alias.secure.example.")
    assert known.security is Security.SECURE
    assert len(known.answer) == 2


def test_without_recursion_the_best_known_delegation_is_told(make_network) -> None:
    """RFC 1034, 4.3.2, step 4: where the answer is not known, the servers to ask are."""
    network = make_network()
    network.resolve("www.plain.example.")
    network.unix_s += 100
    response = without_recursion(network, "other.plain.example.")
    assert (response.rcode, response.answer) == (c.NOERROR, [])
    (servers,) = response.authority
    assert (servers.key, servers.rdtype) == (names.from_text("plain.example."), c.NS)
    assert list(servers.rdatas) == [names.from_text("ns.plain.example.")]
    assert 3400 < servers.ttl_s <= 3500
    assert [list(one.rdatas) for one in response.additional] == [[bytes([192, 0, 2, 4])]]
    assert response.security is not Security.SECURE
    assert response.ttl_s == 0
    network.unix_s += 3600
    assert without_recursion(network, "other.plain.example.").rcode == c.REFUSED


def test_without_patience_stale_data_come_before_any_answer(make_network) -> None:
    stale = CacheSettings(stale=StaleSettings(enabled=True, client_timeout_s=0))
    network = make_network(cache=stale)
    network.resolve("www.plain.example.")
    network.unix_s += 4000
    ticket = network.machine.ask(
        Question(names.from_text("www.plain.example."), c.A), network.now()
    )
    assert dict(network.machine.finished())[ticket].stale
    network.rest()
    assert not network.resolve("www.plain.example.").stale


LOCAL = [
    ("1.0.64.100.in-addr.arpa.", c.NXDOMAIN),
    ("127.100.in-addr.arpa.", c.NOERROR),
    ("nas.home.arpa.", c.NXDOMAIN),
    ("x.resolver.arpa.", c.NXDOMAIN),
]


@pytest.mark.parametrize(("name", "rcode"), LOCAL)
def test_names_of_the_registries_are_answered_here(make_network, name, rcode) -> None:
    """RFC 7793, RFC 8375, RFC 9462: none of them is asked for, but the proof above them is."""
    network = make_network()
    assert network.resolve(name, "SVCB").rcode == rcode
    assert not network.asked


def test_the_proof_that_a_local_zone_is_unsigned_comes_from_above(make_network) -> None:
    network = make_network()
    network.resolve("home.arpa.", "DS")
    assert network.asked


def test_new_data_without_a_life_end_the_stale_ones(make_network) -> None:
    def brief(message, tree, ask):
        if network is not None and network.unix_s > start_s + 3000 and message.answer:
            message.answer[0].ttl = 0
        return message

    network = None
    stale = CacheSettings(stale=StaleSettings(enabled=True, client_timeout_s=0.001))
    network = make_network(brief, cache=stale)
    start_s = network.unix_s
    network.resolve("www.plain.example.")
    network.unix_s += 4000
    assert network.resolve("www.plain.example.").stale
    network.rest()
    assert (
        network.machine.answerer.recaller.stale(
            Question(names.from_text("www.plain.example."), c.A)
        )
        is None
    )


def test_servers_come_with_their_addresses_even_in_minimal_answers(make_network) -> None:
    def company(message, tree, ask):
        if ask.server[0] == "192.0.2.4" and ask.rdtype == c.NS:
            message.additional = [
                dns.rrset.from_text("ns.plain.example.", 90, "IN", "A", "192.0.2.4")
            ]
        return message

    additional = make_network(company).resolve("plain.example.", "NS").additional
    assert [rrset.rdtype for rrset in additional] == [c.A]


def test_a_dname_loop_is_shown(make_network) -> None:
    def loop(message, tree, ask):
        if names.to_text(ask.name) == "x.turn.plain.example.":
            turn = "turn.plain.example."
            message.set_rcode(0)
            message.authority = []
            message.answer = [dns.rrset.from_text(turn, 60, "IN", "DNAME", turn)]
        return message

    response = make_network(loop, minimisation="off").resolve("x.turn.plain.example.")
    assert response.rcode == c.SERVFAIL
    assert [rrset.rdtype for rrset in response.answer] == [c.DNAME, c.CNAME]


def test_without_recursion_a_known_failure_is_told(make_network) -> None:
    def strip(message, tree, ask):
        if ask.server[0] == "192.0.2.3":
            for section in (message.answer, message.authority):
                section[:] = [s for s in section if s.rdtype != dns.rdatatype.RRSIG]
        if ask.server[0] == "192.0.2.4":
            message.set_rcode(5)
        return message

    network = make_network(strip)
    for name in ("www.secure.example.", "www.plain.example."):
        assert without_recursion(network, name).rcode != c.SERVFAIL
        first = network.resolve(name)
        again = without_recursion(network, name)
        assert again.rcode == first.rcode == c.SERVFAIL
        assert again.errors
