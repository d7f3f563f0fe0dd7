"""DNS over TLS and over HTTPS at the daemon: real clients, and octets that are no requests."""

import asyncio
import base64
import contextlib
import ssl

import dns.asyncquery
import dns.message
import h2.connection
import httpx
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import UsageError
from firstbyte.resolver.daemon.daemon import Daemon
from firstbyte.resolver.daemon.doh.http1 import Http1Server
from firstbyte.resolver.daemon.doh.http2 import Http2Server
from firstbyte.resolver.daemon.doh.requests import Refusal, question_in
from firstbyte.resolver.daemon.tls_context import server_context
from testbed.dns_tree import dns_tree

QUERY = dns.message.make_query("www.example.org", "A", id=0)
WIRE = QUERY.to_wire()
MEDIA = "application/dns-message"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@contextlib.asynccontextmanager
async def running(authority, directory):
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(directory / "all.pem")
    async with dns_tree() as tree:
        config = tree.config(
            listen="127.0.0.1:0",
            tls_listen=["127.0.0.1:0"],
            https_listen=["127.0.0.1:0"],
            tls_certificate=str(directory / "all.pem"),
        )
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
