"""The whole trace on loopback, against scripted peers: outcomes, phases, deadlines, clean-up."""

import asyncio
import json
import socket
from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

import pytest

import firstbyte
from firstbyte.client.options import (
    ConnectOptions,
    HttpOptions,
    LimitOptions,
    ResolveOptions,
    TraceOptions,
)
from firstbyte.client.trace import trace, trace_sync
from firstbyte.events import Event
from firstbyte.journey.model import Journey, us
from testbed.dns_server import DnsServer
from testbed.http_servers import (
    Script,
    answer,
    dripping,
    empty,
    endless,
    paced,
    redirecting,
    resetting,
    respond,
    serve,
    silent,
)

NO_TAP = TraceOptions(connect=ConnectOptions(tap="off"))
T = TypeVar("T")


def run(work: Awaitable[T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(30):
            result = await work
        assert len(asyncio.all_tasks()) == 1, asyncio.all_tasks()
        return result

    return asyncio.run(bounded())


def traced(script: Script, options: TraceOptions = NO_TAP, path: str = "/") -> Journey:
    async def main() -> Journey:
        async with serve(script) as port:
            return await trace(f"http://127.0.0.1:{port}{path}", options)

    return run(main())


def check_ledger(journey: Journey) -> None:
    at = 0
    for interval in journey.ledger:
        assert us(interval.start_ms) == at
        at += us(interval.duration_ms)
    assert at == us(journey.totals.last_byte_ms)


def test_a_plain_request() -> None:
    journey = traced(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"hello"))
    assert journey.outcome.ok
    assert journey.outcome.exit_code == 0
    (hop,) = journey.hops
    assert hop.status == 200
    assert hop.http_version == "1.1"
    assert hop.remote_ip == "127.0.0.1"
    assert hop.local_port
    assert hop.http is not None
    assert hop.http.body_bytes == 5
    assert hop.phases.tcp is not None
    assert hop.phases.wait is not None
    assert hop.phases.dns is None
    assert hop.tcp is not None
    assert set(hop.tcp.info) == {"connected", "first_byte", "end"}
    check_ledger(journey)
    assert Journey.from_json(journey.to_json()) == journey
    assert json.loads(journey.to_json())["schema_version"] == 1


def test_the_name_is_resolved_by_the_named_server() -> None:
    async def main() -> Journey:
        zone = {"www.example.test": {"A": ["127.0.0.1"]}}
        async with serve(respond(b"hi")) as port, DnsServer(zone) as names:
            options = replace(NO_TAP, resolve=ResolveOptions(servers=(names.address,)))
            return await trace(f"http://www.example.test:{port}/", options)

    journey = run(main())
    assert journey.outcome.ok, journey.outcome
    dns = journey.hops[0].dns
    assert dns is not None
    assert {q.type for q in dns.questions} == {"A", "AAAA"}
    assert dns.addresses == ("127.0.0.1",)
    assert journey.hops[0].phases.dns is not None
    check_ledger(journey)


HEADERS_WITHOUT_END = endless(b"HTTP/1.1 200 OK\r\n", b"X-Pad: " + b"y" * 1000 + b"\r\n")
SHORT_BODY = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b"abc")


@pytest.mark.parametrize(
    ("script", "error_id", "exit_code", "phase"),
    [
        (empty, "http.empty_reply", 52, "wait"),
        (resetting(), "http.reset", 56, "wait"),
        (SHORT_BODY, "http.short_body", 18, "receive"),
        (answer(b"\x00\x01 what is this\r\n\r\n"), "http.http09", 1, "wait"),
        (HEADERS_WITHOUT_END, "http.header_too_large", 56, "wait"),
    ],
)
def test_faults_of_the_peer(script: Script, error_id: str, exit_code: int, phase: str) -> None:
    journey = traced(script)
    error = journey.outcome.error
    assert error is not None
    assert (error.id, journey.outcome.exit_code, error.phase) == (error_id, exit_code, phase)
    assert not journey.outcome.ok
    check_ledger(journey)


@pytest.mark.parametrize(
    ("script", "phase"),
    [(silent, "wait"), (dripping(b"HTTP/1.1 200 OK\r\n" * 50, 0.05), "receive")],
)
def test_the_time_limit_names_the_phase(script: Script, phase: str) -> None:
    options = replace(NO_TAP, limits=LimitOptions(max_time_s=0.3))
    journey = traced(script, options)
    error = journey.outcome.error
    assert error is not None
    assert (error.id, error.phase) == ("deadline.total", phase)
    assert journey.outcome.exit_code == 28
    assert "0.3 s" in error.message
    check_ledger(journey)


def test_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    journey = run(trace(f"http://127.0.0.1:{port}/", NO_TAP))
    assert journey.outcome.error is not None
    assert journey.outcome.error.id == "tcp.refused"
    assert journey.outcome.exit_code == 7
    assert journey.hops[0].tcp is not None
    assert journey.hops[0].tcp.attempts[0].errno == "ECONNREFUSED"


@pytest.mark.parametrize(
    ("url", "exit_code"),
    [("http://", 3), ("http://a:0/", 3), ("http://a b/", 3), ("gopher://x/", 1), ("", 3)],
)
def test_bad_urls(url: str, exit_code: int) -> None:
    journey = run(trace(url, NO_TAP))
    assert journey.outcome.exit_code == exit_code
    assert journey.outcome.error is not None
    assert journey.outcome.error.hint


def test_redirects_are_followed_over_the_kept_connection() -> None:
    routes = {"/a": (302, "/b", ()), "/b": (301, "/c", ())}
    follow = replace(NO_TAP, http=HttpOptions(follow=True))
    journey = traced(redirecting(routes), follow, "/a")
    assert [hop.status for hop in journey.hops] == [302, 301, 200]
    assert [hop.reused for hop in journey.hops] == [False, True, True]
    assert [hop.phases.tcp is None for hop in journey.hops] == [False, True, True]
    assert journey.hops[0].redirect_url
    check_ledger(journey)


def test_without_follow_the_redirect_is_the_answer() -> None:
    journey = traced(redirecting({"/a": (302, "/b", ())}), NO_TAP, "/a")
    assert [hop.status for hop in journey.hops] == [302]
    assert journey.outcome.ok


def test_a_loop_ends() -> None:
    follow = replace(NO_TAP, http=HttpOptions(follow=True))
    journey = traced(redirecting({"/a": (302, "/b", ()), "/b": (302, "/a", ())}), follow, "/a")
    assert journey.outcome.exit_code == 47
    assert len(journey.hops) == 2


def test_fail_makes_a_status_an_error() -> None:
    script = answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    assert traced(script).outcome.exit_code == 0
    failing = traced(script, replace(NO_TAP, http=HttpOptions(fail=True)))
    assert failing.outcome.exit_code == 22


def test_max_bytes_cuts_an_endless_body() -> None:
    script = endless(b"HTTP/1.1 200 OK\r\n\r\n", b"z" * 65536)
    journey = traced(script, replace(NO_TAP, limits=LimitOptions(max_bytes=1_000_000)))
    assert journey.outcome.ok
    http = journey.hops[0].http
    assert http is not None
    assert http.truncated
    assert http.body_bytes == 1_000_000


def test_sink_and_watch() -> None:
    async def main() -> tuple[bytes, list[Event], Journey]:
        content, seen = bytearray(), list[Event]()
        async with serve(respond(b"hello world")) as port:
            url = f"http://127.0.0.1:{port}/"
            journey = await trace(url, NO_TAP, sink=content.extend, watch=seen.append)
        return bytes(content), seen, journey

    content, seen, journey = run(main())
    assert content == b"hello world"
    assert seen[0].type == "trace.started"
    assert seen[-1].type == "trace.finished"
    assert len(seen) <= len(journey.events)


def test_connect_to_goes_elsewhere_and_keeps_the_host_header() -> None:
    async def main() -> Journey:
        async with serve(redirecting({})) as port:
            rule = ("www.example.test", 80, "127.0.0.1", port)
            connect = ConnectOptions(connect_to=(rule,), tap="off")
            return await trace("http://www.example.test/", TraceOptions(connect=connect))

    journey = run(main())
    assert journey.outcome.ok, journey.outcome
    http = journey.hops[0].http
    assert http is not None
    assert dict(http.request_headers)["Host"] == "www.example.test"


def test_many_at_once() -> None:
    async def main() -> list[Journey]:
        async with serve(respond(b"x" * 100)) as port:
            url = f"http://127.0.0.1:{port}/"
            return await asyncio.gather(*(trace(url, NO_TAP) for _ in range(50)))

    journeys = run(main())
    assert all(journey.outcome.ok for journey in journeys)
    assert len({journey.hops[0].local_port for journey in journeys}) == 50


def test_cancelling_closes_everything() -> None:
    async def main() -> None:
        async with serve(silent) as port:
            task = asyncio.create_task(trace(f"http://127.0.0.1:{port}/", NO_TAP))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(main())


def test_the_synchronous_wrapper() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert trace_sync(f"http://127.0.0.1:{port}/", NO_TAP).outcome.exit_code == 7
    assert firstbyte.trace_sync is trace_sync


def test_a_paced_body_is_received_as_long_as_it_takes() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"
    journey = traced(paced(head, b"x" * 10, 5, 0.02))
    receive = journey.hops[0].phases.receive
    assert receive is not None
    assert receive.duration_ms >= 60
