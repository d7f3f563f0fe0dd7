"""The daemon on loopback sockets: scripted servers below it, real clients above it."""

import asyncio
import contextlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from firstbyte.resolver.daemon.config import from_mapping
from firstbyte.resolver.daemon.daemon import Daemon
from firstbyte.resolver.daemon.shared_counts import SLOT_BYTES, SharedCounts
from testbed.ports import bind_pair, free_port

ZONE = {
    ("www.example.", "A"): ["192.0.2.80"],
    ("big.example.", "TXT"): ["x" * 250] * 12,
    ("example.", "SOA"): ["ns.example. admin.example. 1 2 3 4 60"],
}


class Upstream(asyncio.DatagramProtocol):
    """One server for all: it is the root, and knows ``ZONE``."""

    def __init__(self) -> None:
        self.count = 0
        self.sources: set[int] = set()
        self.cases: set[str] = set()

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data, addr) -> None:
        self.count += 1
        self.sources.add(addr[1])
        answer = self.answer(data)
        if len(answer) > 1232:
            message = dns.message.make_response(dns.message.from_wire(data))
            message.flags |= dns.flags.TC
            answer = message.to_wire()
        self.transport.sendto(answer, addr)

    def answer(self, data: bytes) -> bytes:
        query = dns.message.from_wire(data)
        question = query.question[0]
        self.cases.add(str(question.name))
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        name = str(question.name).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        texts = ZONE.get((name, kind))
        if texts:
            quoted = [f'"{text}{i}"' if kind == "TXT" else text for i, text in enumerate(texts)]
            response.answer.append(dns.rrset.from_text(question.name, 300, "IN", kind, *quoted))
        else:
            soa = dns.rrset.from_text(".", 60, "IN", "SOA", "ns. admin. 1 2 3 4 60")
            response.authority.append(soa)
            if not any(owner == name for owner, _ in ZONE):
                response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire(max_size=65535)

    async def stream(self, reader, writer) -> None:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        answer = self.answer(await reader.readexactly(size))
        writer.write(struct.pack("!H", len(answer)) + answer)
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def running(**changes):
    """A daemon over an upstream; gives both."""
    loop = asyncio.get_running_loop()
    udp, tcp = bind_pair("127.0.0.1")
    port = udp.getsockname()[1]
    transport, upstream = await loop.create_datagram_endpoint(Upstream, sock=udp)
    server = await asyncio.start_server(upstream.stream, sock=tcp)
    keys = {
        "listen": "127.0.0.1:0",
        "root_hints": [["ns.", "192.0.2.1"]],
        "address_map": {"192.0.2.1:53": f"127.0.0.1:{port}"},
        "qname_minimisation": "off",
        "priming": False,
    } | changes
    daemon = Daemon(from_mapping(keys))
    await daemon.start()
    try:
        yield daemon, upstream
    finally:
        daemon.close()
        transport.close()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)


async def ask(daemon: Daemon, query: dns.message.Message, *, tcp: bool = False):
    address, port = daemon.ports[0]
    data = query.to_wire()
    async with asyncio.timeout(10):
        if tcp:
            reader, writer = await asyncio.open_connection(address, port)
            writer.write(struct.pack("!H", len(data)) + data)
            (size,) = struct.unpack("!H", await reader.readexactly(2))
            answer = await reader.readexactly(size)
            writer.close()
            await writer.wait_closed()
            return dns.message.from_wire(answer)
        loop = asyncio.get_running_loop()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        with sock:
            sock.connect((address, port))
            sock.send(data)
            return dns.message.from_wire(await loop.sock_recv(sock, 65535))


def query(name: str, kind: str = "A", **options) -> dns.message.Message:
    return dns.message.make_query(name, kind, **options)


def test_resolves_caches_and_keeps_the_case() -> None:
    async def main() -> None:
        async with running() as (daemon, upstream):
            for name in ("www.example", "www.example", "www.example", "wWw.eXample"):
                asked = query(name)
                answer = await ask(daemon, asked)
                assert answer.id == asked.id
                assert answer.answer[0][0].to_text() == "192.0.2.80"
                assert str(answer.question[0].name) == f"{name}."
            assert upstream.count == 1
            assert daemon.statistics.hits == 1

    asyncio.run(main())


def test_each_question_has_its_own_port_and_case() -> None:
    async def main() -> None:
        async with running() as (daemon, upstream):
            for number in range(8):
                await ask(daemon, query(f"abcdefghij{number}.example"))
            assert upstream.count >= 8  # more when a slow machine asks again
            assert len(upstream.sources) >= upstream.count - 1  # two may be the same by chance
            assert any(name != name.lower() for name in upstream.cases)

    asyncio.run(main())


@pytest.mark.parametrize("tcp", [False, True])
def test_truncation_both_ways(tcp: bool) -> None:
    async def main() -> None:
        async with running() as (daemon, _):
            answer = await ask(daemon, query("big.example", "TXT"), tcp=tcp)
            assert bool(answer.flags & dns.flags.TC) is not tcp
            assert bool(answer.answer) is tcp

    asyncio.run(main())


def test_refusals() -> None:
    async def main() -> None:
        async with running() as (daemon, _):
            table = [
                (query("a.", flags=0), dns.rcode.REFUSED),
                (query("a.", "AXFR"), dns.rcode.REFUSED),
                (query("version.bind", "TXT", rdclass="CH"), dns.rcode.REFUSED),
                (query("a.", use_edns=1), dns.rcode.BADVERS),
            ]
            for message, rcode in table:
                assert (await ask(daemon, message)).rcode() == rcode

    asyncio.run(main())


def test_strangers_are_refused() -> None:
    async def main() -> None:
        async with running(allow=["192.0.2.0/24"]) as (daemon, upstream):
            answer = await ask(daemon, query("www.example", use_edns=0))
            assert answer.rcode() == dns.rcode.REFUSED
            assert answer.options[0].code == dns.edns.EDECode.PROHIBITED
            assert upstream.count == 0

    asyncio.run(main())


def test_an_unmapped_address_is_unreachable() -> None:
    async def main() -> None:
        async with running(address_map={"192.0.2.77:53": "127.0.0.1:1"}) as (daemon, _):
            answer = await ask(daemon, query("www.example", use_edns=0))
            assert answer.rcode() == dns.rcode.SERVFAIL
            codes = {option.code for option in answer.options}
            assert dns.edns.EDECode.NO_REACHABLE_AUTHORITY in codes

    asyncio.run(main())


def test_the_clock_file_moves_the_cache(tmp_path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("frozen 1700000000")

    async def main() -> None:
        async with running(clock_file=str(clock)) as (daemon, upstream):
            assert (await ask(daemon, query("www.example"))).answer[0].ttl == 300
            clock.write_text("frozen 1700000100")
            assert (await ask(daemon, query("www.example"))).answer[0].ttl == 200
            clock.write_text("frozen 1700000400")
            assert (await ask(daemon, query("www.example"))).answer[0].ttl == 300
            assert upstream.count == 2

    asyncio.run(main())


def test_nonsense_gets_formerr_or_nothing() -> None:
    async def main() -> None:
        async with running() as (daemon, _):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.connect(daemon.ports[0])
                for junk in (b"", b"x", b"\0" * 11, b"\xff" * 40, bytes(12)):
                    sock.send(junk)
            answer = await ask(daemon, query("www.example"))
            assert answer.rcode() == dns.rcode.NOERROR

    asyncio.run(main())


def test_rate_limit_drops_and_slips() -> None:
    async def main() -> None:
        async with running(rate_limit=2) as (daemon, _):
            for _ in range(2):
                await ask(daemon, query("www.example"))
            loop = asyncio.get_running_loop()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.connect(daemon.ports[0])
                for _ in range(6):
                    sock.send(query("www.example").to_wire())
                answer = dns.message.from_wire(await loop.sock_recv(sock, 4096))
                assert answer.flags & dns.flags.TC
            assert daemon.statistics.limited >= 2

    asyncio.run(main())


def test_who_proves_its_address_by_a_cookie_is_not_limited() -> None:
    async def main() -> None:
        async with running(rate_limit=2) as (daemon, _):
            cookie = dns.edns.CookieOption(b"12345678", b"")
            for _ in range(12):
                asked = query("www.example", use_edns=0, options=[cookie])
                answer = await ask(daemon, asked)
                assert not answer.flags & dns.flags.TC
                (cookie,) = answer.options
            assert daemon.statistics.limited == 0

    asyncio.run(main())


class Slow(Upstream):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[bytes, tuple[str, int]]] = []

    def datagram_received(self, data, addr) -> None:
        self.waiting.append((data, addr))

    def go_on(self) -> None:
        for data, addr in self.waiting:
            self.transport.sendto(self.answer(data), addr)
        self.waiting.clear()


def test_a_reload_does_not_lose_questions_under_way() -> None:
    async def main() -> None:
        async with running() as (daemon, _):
            loop = asyncio.get_running_loop()
            transport, slow = await loop.create_datagram_endpoint(Slow, local_addr=("127.0.0.1", 0))
            port = transport.get_extra_info("sockname")[1]
            keys = {
                "root_hints": [["ns.", "192.0.2.1"]],
                "address_map": {"192.0.2.1": f"127.0.0.1:{port}"},
                "qname_minimisation": "off",
                "priming": False,
                "tcp_idle_timeout": 3,
            }
            config = from_mapping(keys | {"listen": daemon.config.listen})
            assert daemon.reload(config) == []
            judging = query("www.example")
            judging.flags |= dns.flags.CD
            asked = query("www.example"), judging
            begun = [asyncio.create_task(ask(daemon, question)) for question in asked]
            async with asyncio.timeout(10):
                while daemon.service.open < len(begun) or not slow.waiting:  # noqa: ASYNC110 # it has no event
                    await asyncio.sleep(0.005)
            moved = from_mapping(keys | {"listen": "127.0.0.1:1", "ede": False})
            assert daemon.reload(moved) == ["listen"]
            slow.go_on()
            for answer in await asyncio.gather(*begun):
                assert answer.answer[0][0].address == "192.0.2.80"
            assert len(daemon.service.wire) == 0, "it was found under the old configuration"
            assert not daemon.service.rules.manners.ede
            transport.close()

    asyncio.run(main())


SAMPLE = re.compile(r'firstbyte_dns_([a-z_]+)(?:\{([a-z]+="[^"\n]*",?)+\})? ([0-9]+)')


def parse_exposition(text: str) -> dict[str, int]:
    """Prometheus' text format: each family has HELP, TYPE and then its samples, once."""
    found: dict[str, int] = {}
    families: list[tuple[str, str]] = []
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# "):
            _, word, name, rest = line.split(" ", 3)
            families.append((name, rest if word == "TYPE" else ""))
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        name, kind = families[-1]
        assert name == "firstbyte_dns_" + match[1], line
        assert kind == ("counter" if name.endswith("_total") else "gauge")
        key = line.rpartition(" ")[0].removeprefix("firstbyte_dns_")
        assert key not in found
        found[key] = int(match[3])
    assert len(set(families)) == len(families)
    return found


async def fetch(port: int, request: bytes = b"GET /metrics HTTP/1.1\r\n\r\n") -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    text = (await reader.read()).decode()
    writer.close()
    return text


def test_metrics() -> None:
    async def main() -> None:
        port = free_port()
        async with running(metrics=f"127.0.0.1:{port}") as (daemon, _):
            await ask(daemon, query("www.example"))
            text = await fetch(port)
            assert (await fetch(port, b"GET / HTTP/1.1\r\n\r\n")).startswith("HTTP/1.1 404 ")
            assert (await fetch(port, b"PUT /metrics HTTP/1.1\r\n\r\n")).startswith("HTTP/1.1 405 ")
            head = await fetch(port, b"HEAD /metrics HTTP/1.1\r\n\r\n")
            assert head.endswith("\r\n\r\n")
        found = parse_exposition(text.partition("\r\n\r\n")[2])
        assert found['questions_total{transport="udp"}'] == 1
        assert found['questions_total{transport="https"}'] == 0
        assert found['answers_total{rcode="NOERROR"}'] == 1
        assert found["upstream_questions_total"] == 1
        assert found["open_questions"] == 0

    asyncio.run(main())


def test_workers_are_counted_together() -> None:
    counts = SharedCounts(3)
    leader, second, third = map(counts.of, range(3))
    assert leader.leads
    assert not second.leads
    counts.write(second.number, {"a": 2, 'b{c="d"}': 1})
    assert leader.total({"a": 1}) == {"a": 3, 'b{c="d"}': 1}
    counts.write(third.number, {"a": 10})
    counts.write(second.number, {"a": 4, "long": 10**2000})
    assert leader.total({"a": 1})["a"] == 15

    async def main() -> None:
        task = asyncio.create_task(second.publish(lambda: {"a": 5}))
        await asyncio.sleep(0)
        assert leader.total({"a": 1})["a"] == 16
        task.cancel()

    asyncio.run(main())


def test_what_is_half_written_is_not_counted() -> None:
    counts = SharedCounts(2)
    leader = counts.of(0)
    counts.write(1, {"a": 1})
    assert leader.total({}) == {"a": 1}
    counts._memory[SLOT_BYTES + 9] ^= 1
    assert counts.read(1) is None
    assert leader.total({}) == {"a": 1}, "the last good reading counts until the next"


def test_a_question_under_way_is_answered_after_the_stop() -> None:
    """SIGTERM, and then the server's answer: the client gets it, and the daemon ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
        upstream.bind(("127.0.0.1", 0))
        upstream.settimeout(20)
        port = free_port()
        arguments = ("--listen", f"127.0.0.1:{port}", "--no-0x20", "--qname-minimisation", "off")
        mapping = ("--map", f"192.0.2.1=127.0.0.1:{upstream.getsockname()[1]}")
        with hints_file() as hints, start(*arguments, *mapping, *hints) as process:
            wait_ready(process)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(20)
                sock.connect(("127.0.0.1", port))
                sock.send(query("www.example").to_wire())
                data, client = upstream.recvfrom(4096)
                process.send_signal(signal.SIGTERM)
                time.sleep(0.1)
                assert process.poll() is None
                upstream.sendto(Upstream().answer(data), client)
                answer = dns.message.from_wire(sock.recv(4096))
                assert answer.answer[0][0].address == "192.0.2.80"
            assert process.wait(10) == 0


def test_a_question_that_nobody_answers_does_not_keep_it_running() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
        upstream.bind(("127.0.0.1", 0))
        upstream.settimeout(20)
        port = free_port()
        mapping = ("--map", f"192.0.2.1=127.0.0.1:{upstream.getsockname()[1]}")
        with (
            hints_file() as hints,
            start("--listen", f"127.0.0.1:{port}", *mapping, *hints) as process,
        ):
            wait_ready(process)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.connect(("127.0.0.1", port))
                sock.send(query("www.example").to_wire())
                upstream.recvfrom(4096)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


@contextlib.contextmanager
def hints_file():
    """Options that make 192.0.2.1 the root."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write('root_hints = [["ns.", "192.0.2.1"]]\npriming = false\n')
        file.flush()
        yield "--config", file.name


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "firstbyte", "dns", "serve", *arguments],
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_ready(process: subprocess.Popen[str]) -> int:
    port = 0
    for line in process.stderr:
        if line.startswith("listening"):
            port = int(line.rsplit(" ", 1)[1])
        if line.strip() == "ready":
            return port
    raise AssertionError("it never was ready")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_command_says_ready_and_stops_on_sigterm(workers: str) -> None:
    port = free_port()
    with start("--listen", f"127.0.0.1:{port}", "--workers", workers) as process:
        wait_ready(process)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(10)
            sock.connect(("127.0.0.1", port))
            sock.send(query("localhost").to_wire())
            assert dns.message.from_wire(sock.recv(4096)).answer[0][0].address == "127.0.0.1"
        process.send_signal(signal.SIGHUP)
        time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_systemd_is_told_once_it_answers(workers: str, tmp_path, monkeypatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        with start("--listen", f"127.0.0.1:{free_port()}", "--workers", workers) as process:
            assert listener.recv(100) == b"READY=1"
            process.terminate()
            assert process.wait(10) == 0
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.recv(100)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_address_that_is_taken_is_told(workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        metrics = f"127.0.0.1:{port}"
        listen = f"127.0.0.1:{free_port()}"
        with start("--listen", listen, "--metrics", metrics, "--workers", workers) as process:
            _, words = process.communicate(timeout=20)
    assert process.returncode == 2
    wanted = f"firstbyte: cannot listen on 127.0.0.1 port {port}: Address already in use"
    assert wanted in words.splitlines()


def test_workers_answer_metrics_on_one_port() -> None:
    port = free_port()
    listen = f"127.0.0.1:{free_port()}"
    with start("--listen", listen, "--metrics", f"127.0.0.1:{port}", "--workers", "2") as process:
        wait_ready(process)
        text = asyncio.run(fetch(port))
        process.terminate()
        assert process.wait(10) == 0
    assert parse_exposition(text.partition("\r\n\r\n")[2])["open_questions"] == 0


def test_a_wrong_configuration_is_told(tmp_path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("validat = true\n")
    with start("--config", str(path)) as process:
        _, words = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "validat" in words
    assert "hint: did you mean 'validate'?" in words


@pytest.mark.interop
@pytest.mark.parametrize("tool", ["dig", "kdig"])
def test_dig_and_kdig_understand_it(tool: str) -> None:
    path = shutil.which(tool)
    if path is None:
        pytest.skip(f"{tool} is not installed")

    async def main() -> None:
        async with running() as (daemon, _):
            address, port = daemon.ports[0]
            for extra in (["+dnssec"], ["+tcp"], ["+noedns"]):
                arguments = [f"@{address}", "-p", str(port), "www.example", "A", *extra]
                process = await asyncio.create_subprocess_exec(
                    path, *arguments, stdout=asyncio.subprocess.PIPE
                )
                out, _ = await process.communicate()
                assert process.returncode == 0
                assert b"192.0.2.80" in out
                assert b"WARNING" not in out.replace(b"recursion requested", b"")

    asyncio.run(main())
