"""The stub against a server that misbehaves on demand, on loopback."""

import asyncio
import gc
import time
from contextlib import aclosing

import pytest
from msgspec.structs import replace

from firstbyte.events import Recorder
from firstbyte.resolver.base import FoundAddresses, FoundHttps
from firstbyte.resolver.settings import StubSettings, make_settings
from firstbyte.resolver.stub import StubResolver
from testbed.dns_server import DnsServer

ZONE = {
    "www.example": {
        "A": ["192.0.2.1", "192.0.2.2"],
        "AAAA": ["2001:db8::1"],
        "HTTPS": ["1 . alpn=h2,h3"],
    },
    "four.example": {"A": ["192.0.2.4"]},
    "text.example": {"TXT": ['"no address"']},
    "alias.example": {"CNAME": ["www.example."]},
    "dangling.example": {"CNAME": ["gone.example."]},
    "loop.example": {"CNAME": ["pool.example."]},
    "pool.example": {"CNAME": ["loop.example."]},
    "host.corp.example": {"A": ["192.0.2.7"]},
    "xn--bcher-kva.example": {"A": ["192.0.2.8"]},
    "apex.example": {"A": ["192.0.2.9"], "HTTPS": ["0 svc.example."]},
    "svc.example": {"HTTPS": ["2 . alpn=h2", "1 best.example. alpn=h3 port=8443"]},
    "plain.example": {"A": ["192.0.2.9"], "HTTPS": ["0 four.example."]},
    "_8443._https.four.example": {"HTTPS": ["1 . alpn=h2"]},
}


def test_addresses_of_both_families_and_the_https_record(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            run = await bench.run(bench.settings(server), "www.example")
        assert run.error is None
        assert run.addresses(4) == ("192.0.2.1", "192.0.2.2")
        assert run.addresses(6) == ("2001:db8::1",)
        assert run.https.records[0].alpn == ("h2", "h3")
        assert run.https.records[0].target == "www.example"
        assert run.events[0].type == "dns.lookup_started"
        assert run.events[-1].type == "dns.lookup_finished"
        assert len(run.told("dns.question")) == len(run.told("dns.answer")) == 3
        assert {q.server for q in run.told("dns.question")} == {f"127.0.0.1:{server.address[1]}"}
        assert all(answer.answers[0].ttl_s == 300 for answer in run.told("dns.answer"))

    asyncio.run(main())


def test_each_question_has_its_own_port_and_id(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            resolver = StubResolver(bench.settings(server))
            await asyncio.gather(*(bench.run(resolver, "www.example") for _ in range(10)))
        assert len({asked.id for asked in server.asked}) > 25
        assert len({asked.port for asked in server.asked}) > 15

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("gone.example", "dns.nxdomain"),
        ("text.example", "dns.nodata"),
        ("dangling.example", "dns.nxdomain"),
        ("loop.example", "dns.malformed"),
        ("two..dots", "url.malformed"),
        ("x" * 64, "url.malformed"),
        ("hidden.onion", "dns.nxdomain"),
    ],
)
def test_names_without_an_address(bench, name: str, error: str) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            run = await bench.run(bench.settings(server, attempts=1), name)
        assert run.error_id == error
        assert run.found == []

    asyncio.run(main())


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ({"rcode": "SERVFAIL"}, "dns.servfail"),
        ({"rcode": "REFUSED"}, "dns.refused"),
        ({"rcode": "NOTAUTH"}, "dns.failed"),
        ({"silent": True}, "dns.silent"),
        ({"raw": lambda query: b"garbage"}, "dns.malformed"),
        ({"raw": lambda query: query[:2] + b"\x81\x80" + query[4:-11]}, "dns.malformed"),
        ({"wrong_id": True, "only_forged": True}, "dns.malformed"),
        ({"wrong_question": True, "only_forged": True}, "dns.malformed"),
        ({"truncate": True, "tcp": "close"}, "dns.tcp_blocked"),
        ({"truncate": True, "tcp": "reset"}, "dns.tcp_blocked"),
        ({"truncate": True, "tcp": "half"}, "dns.tcp_blocked"),
    ],
    ids=lambda value: str(value),
)
def test_failing_servers(bench, behaviour: dict[str, object], error: str) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave(**behaviour)
            run = await bench.run(bench.settings(server, timeout_s=0.2), "www.example")
        assert run.error_id == error
        assert run.told("dns.lookup_finished")[0].error == error
        assert f"127.0.0.1:{server.address[1]}" in str(run.error)
        assert server.types_asked().count("A") >= 2

    asyncio.run(main())


@pytest.mark.parametrize("tcp_port", ["closed", "silent"])
def test_truncated_with_tcp_blocked(bench, tcp_port: str) -> None:
    async def main() -> None:
        async with DnsServer(ZONE, tcp_port=tcp_port) as server:
            server.behave(truncate=True)
            settings = bench.settings(server, timeout_s=0.2, attempts=1)
            run = await bench.run(settings, "www.example")
        assert run.error_id == "dns.tcp_blocked"
        assert any(fallback.kind == "tcp" for fallback in run.told("dns.fallback"))

    asyncio.run(main())


@pytest.mark.parametrize("tcp", ["whole", "trickle"])
def test_truncation_goes_to_tcp(bench, tcp: str) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave(truncate=True, tcp=tcp)
            run = await bench.run(bench.settings(server), "www.example")
        assert run.addresses(4) == ("192.0.2.1", "192.0.2.2")
        assert run.addresses(6) == ("2001:db8::1",)
        assert [q.transport for q in run.told("dns.question")].count("tcp") == 3
        over_tcp = [e for e in run.events if e.connection and e.connection.startswith("tcp")]
        assert {"tcp.connected", "dns.question", "dns.answer"} <= {e.type for e in over_tcp}

    asyncio.run(main())


def test_a_large_answer_over_tcp(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave(truncate=True, pad_bytes=40_000)
            run = await bench.run(bench.settings(server), "www.example", https=False)
        assert run.addresses(4) == ("192.0.2.1", "192.0.2.2")
        assert max(answer.bytes for answer in run.told("dns.answer")) > 40_000

    asyncio.run(main())


@pytest.mark.parametrize(
    "forgery",
    [
        {"wrong_id": True},
        {"wrong_question": True},
        {"garbage": (b"", b"\0", b"\xff" * 40)},
        {"garbage": (b"x" * 11, b"\x80" * 2000)},
    ],
    ids=lambda value: str(next(iter(value))),
)
def test_strays_are_told_and_the_wait_goes_on(bench, forgery: dict[str, object]) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave(type_="A", **forgery)
            run = await bench.run(bench.settings(server), "www.example")
        assert run.addresses(4) == ("192.0.2.1", "192.0.2.2")
        assert run.told("dns.ignored")

    asyncio.run(main())


def test_a_spoofed_source_is_never_believed(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave(spoofed_source=True, delay_s=0.01)
            run = await bench.run(bench.settings(server), "www.example")
        assert run.addresses(4) == ("192.0.2.1", "192.0.2.2")

    asyncio.run(main())


def test_a_flood_of_strays_makes_few_events(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave("four.example", "A", garbage=(b"noise",) * 200)
            run = await bench.run(
                bench.settings(server), "four.example", families=(4,), https=False
            )
        assert run.addresses(4) == ("192.0.2.4",)
        assert len(run.told("dns.ignored")) == 16

    asyncio.run(main())


@pytest.mark.parametrize("rcode", ["FORMERR", "NOTIMP", "BADVERS"])
def test_servers_that_choke_on_edns(bench, rcode: str) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave(edns=rcode)
            resolver = StubResolver(bench.settings(server))
            first = await bench.run(resolver, "four.example", families=(4,), https=False)
            second = await bench.run(resolver, "four.example", families=(4,), https=False)
        assert first.addresses(4) == second.addresses(4) == ("192.0.2.4",)
        assert [fallback.kind for fallback in first.told("dns.fallback")] == ["no_edns"]
        assert second.told("dns.fallback") == []
        assert [asked.edns for asked in server.asked] == [True, False, False]

    asyncio.run(main())


def test_a_failing_server_is_passed_over_for_the_next(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as bad, DnsServer(ZONE) as good:
            bad.behave(rcode="SERVFAIL")
            run = await bench.run(bench.settings(bad, good), "www.example")
        assert run.addresses(4) == ("192.0.2.1", "192.0.2.2")
        assert {fallback.kind for fallback in run.told("dns.fallback")} == {"server"}
        assert bad.types_asked().count("A") == good.types_asked().count("A") == 1

    asyncio.run(main())


def test_a_closed_port_costs_no_time(bench) -> None:
    async def main() -> None:
        async with DnsServer() as gone:
            pass
        async with DnsServer(ZONE) as good:
            run = await bench.run(bench.settings(gone, good, timeout_s=30), "www.example")
            alone = await bench.run(bench.settings(gone, timeout_s=30), "www.example")
        assert run.addresses(4) == ("192.0.2.1", "192.0.2.2")
        assert "port unreachable" in run.told("dns.query_failed")[0].error
        assert alone.error_id == "dns.failed"
        assert run.told("dns.timed_out") == alone.told("dns.timed_out") == []

    asyncio.run(main())


def test_a_silent_server_is_retried_then_the_next_is_asked(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as silent, DnsServer(ZONE) as good:
            silent.behave(silent=True)
            settings = bench.settings(silent, good, timeout_s=0.1)
            run = await bench.run(settings, "four.example", families=(4,), https=False)
        assert run.addresses(4) == ("192.0.2.4",)
        assert [lost.waited_s for lost in run.told("dns.timed_out")] == [0.1]
        assert [q.attempt for q in run.told("dns.question")] == [1, 2]

    asyncio.run(main())


def test_rotate_spreads_questions(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as one, DnsServer(ZONE) as two:
            resolver = StubResolver(bench.settings(one, two, rotate=True))
            for _ in range(4):
                await bench.run(resolver, "four.example", families=(4,), https=False)
        assert len(one.asked) == len(two.asked) == 2

    asyncio.run(main())


def test_use_vc_asks_over_tcp_alone(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            settings = make_settings(servers=(server.address,), resolv_conf="options use-vc\n")
            run = await bench.run(settings, "www.example")
        assert run.addresses(6) == ("2001:db8::1",)
        assert {asked.transport for asked in server.asked} == {"tcp"}

    asyncio.run(main())


def test_an_ipv6_server(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE, host="::1") as server:
            run = await bench.run(bench.settings(server), "www.example")
        assert run.addresses(4) == ("192.0.2.1", "192.0.2.2")
        assert run.told("dns.question")[0].server == f"[::1]:{server.address[1]}"

    asyncio.run(main())


def test_no_aaaa_asks_no_aaaa_and_settles_the_family(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            run = await bench.run(bench.settings(server, no_aaaa=True), "www.example")
        assert "AAAA" not in server.types_asked()
        assert run.addresses(6) == ()
        assert run.addresses(4) == ("192.0.2.1", "192.0.2.2")

    asyncio.run(main())


def test_single_request_asks_one_family_after_the_other(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave(type_="A", delay_s=0.05)
            settings = bench.settings(server, single_request=True)
            run = await bench.run(settings, "www.example", https=False)
        told = [
            (event.type, event.what.query)
            for event in run.events
            if event.type in {"dns.question", "dns.answer"}
        ]
        assert told == [
            ("dns.question", 1),
            ("dns.answer", 1),
            ("dns.question", 2),
            ("dns.answer", 2),
        ]

    asyncio.run(main())


def test_a_cname_chain_is_followed_to_its_end(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            run = await bench.run(bench.settings(server), "alias.example")
        assert run.addresses(4) == ("192.0.2.1", "192.0.2.2")
        assert run.told("dns.lookup_finished")[0].canonical_name == "www.example"
        assert run.https.records[0].target == "www.example"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "ndots", "asked"),
    [
        ("host", 1, ["host.corp.example"]),
        ("host.corp", 1, ["host.corp", "host.corp.corp.example", "host.corp.example"]),
        ("host.corp", 2, ["host.corp.corp.example", "host.corp.example"]),
        ("host.corp.example.", 5, ["host.corp.example"]),
    ],
)
def test_the_search_list(bench, name: str, ndots: int, asked: list[str]) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            settings = bench.settings(server, search=("corp.example", "example"), ndots=ndots)
            run = await bench.run(settings, name, families=(4,), https=False)
        assert run.addresses(4) == ("192.0.2.7",)
        assert [question.name for question in server.asked] == asked
        kinds = [fallback.kind for fallback in run.told("dns.fallback")]
        assert kinds == ["search"] * (len(asked) - 1)

    asyncio.run(main())


def test_the_search_list_reports_the_name_as_it_was_given(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            settings = bench.settings(server, search=("corp.example",))
            run = await bench.run(settings, "gone.example")
        assert str(run.error).startswith("gone.example does not exist")

    asyncio.run(main())


def test_unicode_names_are_asked_as_a_labels(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            run = await bench.run(bench.settings(server), "Bücher.Example")
        assert run.addresses(4) == ("192.0.2.8",)

    asyncio.run(main())


@pytest.mark.parametrize(
    "behaviour",
    [{"rcode": "SERVFAIL"}, {"silent": True}, {"delay_s": 3.0}, {"raw": lambda query: b"?"}],
    ids=lambda value: str(next(iter(value))),
)
def test_a_bad_https_answer_hurts_no_address(bench, behaviour: dict[str, object]) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave(type_="HTTPS", **behaviour)
            run = await bench.run(bench.settings(server), "www.example")
        assert run.error is None
        assert run.addresses(4) == ("192.0.2.1", "192.0.2.2")
        assert run.addresses(6) == ("2001:db8::1",)
        assert run.https is None or run.https.records == ()

    asyncio.run(main())


def test_https_alias_mode_is_followed(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            run = await bench.run(bench.settings(server), "apex.example")
            plain = await bench.run(bench.settings(server), "plain.example")
        assert [record.target for record in run.https.records] == ["best.example", "svc.example"]
        assert run.https.records[0].port == 8443
        assert plain.https.records[0].target == "four.example"
        assert plain.https.records[0].alpn == ()

    asyncio.run(main())


def test_https_of_another_port_is_asked_with_its_prefix(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            run = await bench.run(bench.settings(server), "four.example", port=8443)
        assert run.https.records[0].alpn == ("h2",)

    asyncio.run(main())


def test_a_family_is_given_before_the_other_is_there(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave(type_="AAAA", silent=True)
            scope = Recorder(time.monotonic_ns, "kernel").scope()
            resolver = StubResolver(bench.settings(server))
            async with aclosing(resolver.lookup("www.example", scope)) as lookup:
                async for found in lookup:
                    if isinstance(found, FoundAddresses):
                        break
            assert found.addresses == ("192.0.2.1", "192.0.2.2")
            assert scope.recorder.events[-1].type == "dns.lookup_finished"

    asyncio.run(main())


def test_one_familys_failure_is_no_failure(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave(type_="AAAA", rcode="SERVFAIL")
            run = await bench.run(bench.settings(server), "www.example")
        assert run.error is None
        assert run.addresses(6) == ()

    asyncio.run(main())


def test_a_failure_beats_no_data(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave("text.example", "AAAA", rcode="SERVFAIL")
            run = await bench.run(bench.settings(server), "text.example")
        assert run.error_id == "dns.servfail"

    asyncio.run(main())


def test_the_whole_lookup_has_a_deadline(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave(silent=True)
            settings = replace(bench.settings(server, timeout_s=30), deadline_s=0.1)
            run = await bench.run(settings, "www.example")
        assert run.error_id == "dns.silent"
        assert "0.1 s" in str(run.error)

    asyncio.run(main())


def test_a_server_that_does_not_recurse(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE, recursive=False) as server:
            server.behave("www.example", raw=_referral)
            run = await bench.run(bench.settings(server, attempts=1), "www.example")
        assert run.error_id == "dns.failed"
        assert "referral" in str(run.error)

    asyncio.run(main())


def _referral(query: bytes) -> bytes:
    import dns.message
    import dns.rrset

    answer = dns.message.make_response(dns.message.from_wire(query))
    answer.authority.append(dns.rrset.from_text("example.", 300, "IN", "NS", "ns.example."))
    return answer.to_wire()


def test_extended_errors_are_told(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave(rcode="SERVFAIL", extended_error=(22, "all servers failed"))
            run = await bench.run(bench.settings(server, attempts=1), "www.example")
        text = run.told("dns.answer")[0].extended_error
        assert text == "22 (No Reachable Authority): all servers failed"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "options", "addresses"),
    [
        ("192.0.2.5", {}, ("192.0.2.5",)),
        ("127.1", {}, ("127.0.0.1",)),
        ("[2001:db8::5]", {}, ("2001:db8::5",)),
        ("fe80::1%eth0", {}, ("fe80::1%eth0",)),
        ("localhost", {}, ("127.0.0.1", "::1")),
        ("a.b.LOCALHOST.", {}, ("127.0.0.1", "::1")),
        ("hosts.example", {}, ("192.0.2.20", "2001:db8::20")),
        ("Fixed.example", {"port": 8443}, ("192.0.2.30",)),
        ("anything.example", {"port": 99}, ("192.0.2.40",)),
    ],
)
def test_what_needs_no_network(bench, name: str, options: dict, addresses: tuple) -> None:
    settings = make_settings(
        servers=(("127.0.0.1", 1),),
        hosts_file="192.0.2.20 hosts.example\n2001:db8::20 hosts.example other\n",
        static=(("fixed.example", 8443, ("192.0.2.30",)), ("*", 99, ("192.0.2.40",))),
    )

    async def main() -> None:
        run = await bench.run(settings, name, **options)
        assert run.error is None
        assert (*run.addresses(4), *run.addresses(6)) == addresses
        assert run.https == FoundHttps(())
        assert run.told("dns.question") == []

    asyncio.run(main())


def test_the_other_family_of_a_literal_is_no_data(bench) -> None:
    async def main() -> None:
        run = await bench.run(StubSettings(), "192.0.2.5", families=(6,))
        assert run.error_id == "dns.nodata"

    asyncio.run(main())


def test_hosts_of_the_other_family_are_asked_of_dns(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            settings = make_settings(
                servers=(server.address,), hosts_file="2001:db8::99 four.example\n"
            )
            run = await bench.run(settings, "four.example", families=(4,))
        assert run.addresses(4) == ("192.0.2.4",)

    asyncio.run(main())


def test_cancelling_leaves_nothing_behind(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            server.behave(silent=True)
            resolver = StubResolver(bench.settings(server))
            runs = [asyncio.create_task(bench.run(resolver, "www.example")) for _ in range(20)]
            await asyncio.sleep(0.05)
            for run in runs:
                run.cancel()
            results = await asyncio.gather(*runs, return_exceptions=True)
            await asyncio.sleep(0)
            assert all(isinstance(result, asyncio.CancelledError) for result in results)
            assert not [task for task in asyncio.all_tasks() if _is_ours(task)]
        gc.collect()

    asyncio.run(main())


def _is_ours(task: asyncio.Task) -> bool:
    return "/src/firstbyte/" in task.get_coro().cr_code.co_filename


def test_many_lookups_at_once(bench) -> None:
    zone = {f"h{i}.example": {"A": [f"192.0.2.{i}"]} for i in range(100)}

    async def main() -> None:
        async with DnsServer(zone) as server:
            resolver = StubResolver(bench.settings(server))
            runs = await asyncio.gather(*(bench.run(resolver, f"h{i}.example") for i in range(100)))
        assert [run.addresses(4) for run in runs] == [(f"192.0.2.{i}",) for i in range(100)]

    asyncio.run(main())
