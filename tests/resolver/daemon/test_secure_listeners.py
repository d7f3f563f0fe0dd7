"""DNS over TLS and over HTTPS at the daemon: real clients, and octets that are no requests."""

import asyncio
import base64
import contextlib
import email.utils
import socket
import ssl
import subprocess
import sys
import time

import dns.asyncquery
import dns.edns
import dns.message
import dns.rrset
import h2.connection
import h2.errors
import httpx
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import UsageError
from firstbyte.resolver.daemon.daemon import Daemon
from firstbyte.resolver.daemon.doh.conversation import lifetime_s
from firstbyte.resolver.daemon.doh.http1 import Http1Server
from firstbyte.resolver.daemon.doh.http2 import Http2Server
from firstbyte.resolver.daemon.doh.requests import Refusal, question_in
from firstbyte.resolver.daemon.tls_context import server_context
from testbed.dns_tree import dns_tree
from testbed.ports import free_ports

QUERY = dns.message.make_query("www.example.org", "A", id=0)
WIRE = QUERY.to_wire()
MEDIA = "application/dns-message"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def renew(authority, directory):
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(directory / "all.pem")


@contextlib.asynccontextmanager
async def running(authority, directory, **changes):
    renew(authority, directory)
    async with dns_tree() as tree:
        keys = {
            "listen": "127.0.0.1:0",
            "tls_listen": ["127.0.0.1:0"],
            "https_listen": ["127.0.0.1:0"],
            "tls_certificate": str(directory / "all.pem"),
        }
        config = tree.config(**keys | changes)
        daemon = Daemon(config)
        await daemon.start()
        context = ssl.create_default_context()
        authority.configure_trust(context)
        try:
            yield daemon, context
        finally:
            daemon.close()
            await asyncio.sleep(0.05)


def test_answers_over_tls(authority, tmp_path):
    async def program():
        async with running(authority, tmp_path) as (daemon, context):
            host, port = daemon.tls_ports[0]
            query = dns.message.make_query("www.example.org", "A", want_dnssec=True)
            return await dns.asyncquery.tls(query, host, 5, port, ssl_context=context)

    response = asyncio.run(program())
    assert response.answer[0][0].address == "192.0.2.80"
    assert response.flags & dns.flags.AD


@pytest.mark.parametrize("http2", [True, False])
def test_answers_over_https(authority, tmp_path, http2):
    async def program():
        async with running(authority, tmp_path) as (daemon, context):
            host, port = daemon.https_ports[0]
            url = f"https://{host}:{port}/dns-query"
            async with httpx.AsyncClient(verify=context, http2=http2) as client:
                posts = await asyncio.gather(
                    *(
                        client.post(url, content=WIRE, headers={"content-type": MEDIA})
                        for _ in range(5)
                    )
                )
                encoded = base64.urlsafe_b64encode(WIRE).rstrip(b"=").decode()
                got = await client.get(url, params={"dns": encoded})
                wrong = [
                    await client.get(url),
                    await client.get(url + "x"),
                    await client.put(url, content=WIRE),
                    await client.post(url, content=WIRE),
                    await client.post(url, content=b"x", headers={"content-type": MEDIA}),
                    await client.get(url, params={"dns": "!!"}),
                ]
            assert daemon.statistics.questions["https"] == 6
            return posts, got, wrong

    posts, got, wrong = asyncio.run(program())
    for response in (*posts, got):
        assert response.status_code == 200
        assert response.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
        assert response.headers["content-type"] == MEDIA
        assert 0 < int(response.headers["cache-control"].removeprefix("max-age=")) <= 3600
        assert dns.message.from_wire(response.content).answer[0][0].address == "192.0.2.80"
    assert [response.status_code for response in wrong] == [400, 404, 405, 415, 400, 400]
    for response in (*posts, got, *wrong):
        then = email.utils.parsedate_to_datetime(response.headers["date"])
        assert abs(then.timestamp() - time.time()) < 60


PADDING, KEEPALIVE = dns.edns.OptionType.PADDING, dns.edns.OptionType.KEEPALIVE


def options_of(response, kind):
    return [option for option in response.options if option.otype == kind]


def with_options(*kinds):
    options = [dns.edns.GenericOption(kind, b"") for kind in kinds]
    return dns.message.make_query("www.example.org", "A", want_dnssec=True, options=options)


async def over(channel, daemon, context, query):
    """The answer to ``query`` over one of the four channels."""
    if channel == "https":
        host, port = daemon.https_ports[0]
        url = f"https://{host}:{port}/dns-query"
        async with httpx.AsyncClient(verify=context) as client:
            posted = await client.post(
                url, content=query.to_wire(), headers={"content-type": MEDIA}
            )
        return dns.message.from_wire(posted.content)
    if channel == "tls":
        host, port = daemon.tls_ports[0]
        return await dns.asyncquery.tls(query, host, 5, port, ssl_context=context)
    host, port = daemon.ports[0]
    ask = dns.asyncquery.tcp if channel == "tcp" else dns.asyncquery.udp
    return await ask(query, host, 5, port)


@pytest.mark.parametrize("channel", ["udp", "tcp", "tls", "https"])
def test_padding_and_keepalive_where_they_make_sense(authority, tmp_path, channel):
    """RFC 7830 (never in clear), RFC 8467, 4.1 (blocks of 468), RFC 7828 (never over UDP)."""

    async def program():
        async with running(authority, tmp_path, tcp_idle_timeout=2.5) as (daemon, context):
            asked = await over(channel, daemon, context, with_options(PADDING, KEEPALIVE))
            plain = await over(channel, daemon, context, with_options())
        assert daemon.statistics.questions[channel] == 2
        return asked, plain

    asked, plain = asyncio.run(program())
    assert asked.answer
    assert plain.options == ()
    padded = channel in ("tls", "https")
    assert len(options_of(asked, PADDING)) == padded
    if padded:
        assert len(asked.wire) % 468 == 0
    told = options_of(asked, KEEPALIVE)
    assert [option.data for option in told] == ([b"\0\x19"] if channel in ("tcp", "tls") else [])


def test_a_reload_reads_the_certificate_again(authority, tmp_path):
    async def serial(daemon, context):
        host, port = daemon.tls_ports[0]
        reader, writer = await asyncio.open_connection(host, port, ssl=context)
        found = writer.get_extra_info("peercert")["serialNumber"]
        writer.close()
        return reader, found

    async def program():
        async with running(authority, tmp_path) as (daemon, context):
            _, first = await serial(daemon, context)
            renew(authority, tmp_path)
            assert daemon.reload(daemon.config) == []
            _, second = await serial(daemon, context)
            (tmp_path / "all.pem").write_text("nothing")
            with pytest.raises(UsageError, match="cannot be used"):
                daemon.reload(daemon.config)
            _, third = await serial(daemon, context)
            return first, second, third

    first, second, third = asyncio.run(program())
    assert first != second == third


@pytest.mark.parametrize("kind", ["ports", "tls_ports"])
def test_connections_are_limited_before_any_handshake(authority, tmp_path, kind):
    async def program():
        changes = {"max_tcp_connections": 2, "tcp_idle_timeout": 0.2}
        async with running(authority, tmp_path, **changes) as (daemon, _):
            place = getattr(daemon, kind)[0]
            streams = [await asyncio.open_connection(*place) for _ in range(3)]
            async with asyncio.timeout(5):
                with contextlib.suppress(ConnectionError):
                    assert await streams[2][0].read() == b"", "the third is one too many"
                for reader, _ in streams[:2]:
                    assert await reader.read() == b"", "who says nothing is sent away"
            for _, writer in streams:
                writer.close()
            streams = [await asyncio.open_connection(*place)]
            await asyncio.sleep(0.05)
            assert not streams[0][0].at_eof(), "there is room again"
            streams[0][1].close()

    asyncio.run(program())


def test_a_question_in_the_last_flight_of_the_handshake_is_heard(authority, tmp_path):
    """As GnuTLS sends it: Finished and the question in one segment."""

    async def program():
        async with running(authority, tmp_path) as (daemon, context):
            received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
            client = context.wrap_bio(received, sent, server_hostname="127.0.0.1")
            reader, writer = await asyncio.open_connection(*daemon.tls_ports[0])
            async with asyncio.timeout(5):
                while True:
                    with contextlib.suppress(ssl.SSLWantReadError):
                        client.do_handshake()
                        break
                    writer.write(sent.read())
                    received.write(await reader.read(65536))
                client.write(len(WIRE).to_bytes(2, "big") + WIRE)
                writer.write(sent.read())
                while True:
                    received.write(await reader.read(65536))
                    with contextlib.suppress(ssl.SSLWantReadError):
                        data = client.read(65536)
                        break
            writer.close()
            return dns.message.from_wire(data[2:])

    assert asyncio.run(program()).answer


def test_what_is_no_question_ends_the_connection(authority, tmp_path):
    async def program():
        async with running(authority, tmp_path) as (daemon, _):
            reader, writer = await asyncio.open_connection(*daemon.ports[0])
            response = b"\0\x0c" + bytes((0, 0, 0x80)) + bytes(9)
            writer.write(response)
            async with asyncio.timeout(5):
                assert await reader.read() == b""
            writer.close()

    asyncio.run(program())


def test_who_does_not_read_is_not_written_to_for_ever(authority, tmp_path):
    """Its answers stay unsent, so its questions stay unread; after the idle time it must go."""
    query = dns.message.make_query("huge.example.org", "TXT", want_dnssec=True).to_wire()

    async def program():
        async with running(authority, tmp_path, tcp_idle_timeout=0.3) as (daemon, _):
            with socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                sock.setblocking(False)
                loop = asyncio.get_running_loop()
                await loop.sock_connect(sock, daemon.ports[0])
                flood = (len(query).to_bytes(2, "big") + query) * 20000
                sent = loop.create_task(loop.sock_sendall(sock, flood))
                async with asyncio.timeout(20):
                    while not daemon.endpoints.connections:  # noqa: ASYNC110 # it has no event
                        await asyncio.sleep(0.01)
                    while daemon.endpoints.connections:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                sent.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError):
                    await sent
            return daemon.statistics.questions["tcp"]

    assert asyncio.run(program()) < 20000


def test_a_question_that_never_ends_does_not_keep_a_connection(authority, tmp_path):
    """An octet now and then is no question: a few clients could hold all places for ever."""

    async def program():
        async with running(authority, tmp_path, tcp_idle_timeout=0.2) as (daemon, _):
            reader, writer = await asyncio.open_connection(*daemon.ports[0])
            for octet in len(WIRE).to_bytes(2, "big") + WIRE:
                writer.write(bytes((octet,)))
                await asyncio.sleep(0.05)
                if reader.at_eof():
                    break
            writer.close()
            return reader.at_eof()

    assert asyncio.run(program())


def test_more_questions_than_are_taken_at_once_are_all_answered(authority, tmp_path):
    async def program():
        async with running(authority, tmp_path) as (daemon, _):
            reader, writer = await asyncio.open_connection(*daemon.ports[0])
            for number in range(300):
                query = dns.message.make_query(f"n{number}.example.org", "A", id=number).to_wire()
                writer.write(len(query).to_bytes(2, "big") + query)
            writer.write_eof()
            found = set()
            async with asyncio.timeout(20):
                while len(found) < 300:
                    size = int.from_bytes(await reader.readexactly(2), "big")
                    found.add(dns.message.from_wire(await reader.readexactly(size)).id)
                assert await reader.read() == b"", "then the daemon closes too"
            writer.close()
            return found

    assert asyncio.run(program()) == set(range(300))


def test_workers_share_the_encrypted_ports_too(authority, tmp_path):
    renew(authority, tmp_path)
    plain, tls, https = (f"127.0.0.1:{port}" for port in free_ports(3))
    command = [sys.executable, "-m", "firstbyte", "dns", "serve", "--workers", "2"]
    command += ["--listen", plain, "--tls-listen", tls, "--https-listen", https]
    command += ["--certificate", str(tmp_path / "all.pem")]
    context = ssl.create_default_context()
    authority.configure_trust(context)
    query = dns.message.make_query("localhost", "A")

    async def ask_all():
        port = int(tls.rpartition(":")[2])
        answers = await asyncio.gather(
            *(
                dns.asyncquery.tls(query, "127.0.0.1", 10, port, ssl_context=context)
                for _ in range(8)
            )
        )
        async with httpx.AsyncClient(verify=context, http2=True) as client:
            url = f"https://{https}/dns-query"
            posted = await client.post(
                url, content=query.to_wire(), headers={"content-type": MEDIA}
            )
        return [*answers, dns.message.from_wire(posted.content)]

    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line == "ready\n":
                break
        answers = asyncio.run(ask_all())
        process.terminate()
        assert process.wait(10) == 0
    assert [answer.answer[0][0].address for answer in answers] == ["127.0.0.1"] * 9


def test_needs_a_certificate(tmp_path):
    with pytest.raises(UsageError, match="needs a certificate"):
        server_context(None, None, ["dot"])
    (tmp_path / "x.pem").write_text("nothing")
    with pytest.raises(UsageError, match="cannot be used"):
        server_context(str(tmp_path / "x.pem"), None, ["dot"])


def test_http1_takes_pipelined_questions_one_after_the_other():
    machine = Http1Server()
    head = f"POST /dns-query HTTP/1.1\r\nhost: x\r\ncontent-type: {MEDIA}\r\n"
    request = f"{head}content-length: {len(WIRE)}\r\n\r\n".encode() + WIRE
    first = machine.receive(request + request)
    assert [incoming.content for incoming in first] == [WIRE]
    second = machine.respond(0, WIRE, 60)
    assert [incoming.content for incoming in second] == [WIRE]
    machine.respond(0, WIRE, 60)
    assert machine.outgoing().count(b"HTTP/1.1 200") == 2
    assert not machine.ended


def test_http1_refuses_nonsense_and_floods():
    machine = Http1Server()
    machine.receive(b"\x16\x03\x01 nonsense\r\n\r\n")
    assert machine.ended
    assert machine.outgoing().startswith(b"HTTP/1.1 400")
    flooded = Http1Server()
    flooded.receive(
        b"POST /dns-query HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n" + b"x" * 70000
    )
    assert flooded.ended
    assert b" 413 " in flooded.outgoing()


def test_http2_waits_for_the_clients_window():
    client = h2.connection.H2Connection()
    client.initiate_connection()
    client.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 10})
    client.send_headers(
        1,
        [
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", "x"),
            (":path", "/dns-query"),
            ("content-type", MEDIA),
        ],
    )
    client.send_data(1, WIRE, end_stream=True)
    machine = Http2Server()
    (incoming,) = machine.receive(client.data_to_send())
    machine.respond(incoming.key, incoming.content, 60)
    body = b""
    for _ in range(20):
        for event in client.receive_data(machine.outgoing()):
            body += getattr(event, "data", b"") or b""
        if len(body) == len(WIRE):
            break
        client.increment_flow_control_window(10, 1)
        machine.receive(client.data_to_send())
    assert body == WIRE


def test_http_headers_are_limited():
    """431 over HTTP/1.1 (RFC 6585, 5); over HTTP/2 the connection ends."""
    head = b"GET /dns-query HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 20000
    for data in (head, head + b"\r\n\r\n"):
        machine = Http1Server()
        machine.receive(data)
        assert machine.ended
        assert machine.outgoing().startswith(b"HTTP/1.1 431 ")
    client = h2.connection.H2Connection()
    client.initiate_connection()
    fields = {":method": "GET", ":scheme": "https", ":authority": "x", ":path": "/dns-query"}
    client.send_headers(1, [*fields.items(), *((f"x-{n}", "y" * 1000) for n in range(20))])
    machine = Http2Server()
    assert machine.receive(client.data_to_send()) == []
    assert machine.ended


def test_http2_ends_with_who_takes_requests_back_too_often():
    client = h2.connection.H2Connection()
    client.initiate_connection()
    machine = Http2Server()
    taken = 0
    while not machine.ended:
        stream = client.get_next_available_stream_id()
        fields = {":method": "GET", ":scheme": "https", ":authority": "x", ":path": "/dns-query"}
        client.send_headers(stream, list(fields.items()))
        client.reset_stream(stream)
        taken += len(machine.receive(client.data_to_send()))
        assert stream < 1000
    assert taken == 0
    events = client.receive_data(machine.outgoing())
    assert events[-1].error_code == h2.errors.ErrorCodes.ENHANCE_YOUR_CALM


def aged(*records, rcode=0, authority=()):
    response = dns.message.make_response(QUERY)
    response.set_rcode(rcode)
    response.answer = [dns.rrset.from_text(*record) for record in records]
    response.authority = [dns.rrset.from_text(*record) for record in authority]
    return lifetime_s(response.to_wire())


def test_what_http_caches_may_keep():
    """RFC 8484, 5.1: no longer than the least TTL; denials as RFC 2308 says; failures never."""
    alias = ("www.example.org.", 300, "IN", "CNAME", "a.example.org.")
    address = ("a.example.org.", 60, "IN", "A", "192.0.2.1")
    soa = ("example.org.", 500, "IN", "SOA", "ns. admin. 1 2 3 4 30")
    assert aged(alias, address) == 60
    assert aged(authority=[soa]) == 30
    assert aged(alias, authority=[soa], rcode=3) == 30
    assert aged(address, rcode=2) == 0
    assert aged() == 0


@given(st.binary(max_size=300), st.sampled_from([Http1Server, Http2Server]))
def test_any_octets_are_survived(data, kind):
    machine = kind()
    for incoming in machine.receive(data):
        machine.respond(incoming.key, incoming.content, 0)
    assert isinstance(machine.outgoing(), bytes)


@given(st.text(max_size=40), st.text(max_size=60), st.binary(max_size=60))
def test_any_request_is_a_question_or_refused(method, query, body):
    for target in (query, "/dns-query?" + query, "/dns-query?dns=" + query):
        for verb in (method, "GET", "POST"):
            found = question_in(verb, target, MEDIA, body)
            assert isinstance(found, bytes | Refusal)
