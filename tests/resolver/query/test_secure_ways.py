"""Questions over TLS, HTTPS and HTTP, as dig's words ask for them."""

import asyncio

import pytest

from firstbyte.errors import TlsError
from firstbyte.protocols.dns import walker
from firstbyte.resolver.daemon.config import Config
from firstbyte.resolver.query.asking import ask_all
from firstbyte.resolver.query.words import parse
from firstbyte.server.dns.serving import NameServer
from firstbyte.server.dns.zone_set import ZoneSet
from testbed.dns_server import DnsServer
from testbed.name_server import parent_zone
from testbed.pki import Pki
from testbed.secure_dns_server import SecureDnsServer

ZONE = {"www.example": {"A": ["192.0.2.80"]}}
ADDRESS = bytes((192, 0, 2, 80))


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


def asked(words, kind="dot", context=None, **server):
    """The exchange, what was found, and the requests that the server saw."""

    async def program():
        async with DnsServer(ZONE) as names, SecureDnsServer(names, kind, context, **server) as it:
            line = f"www.example {words}".replace("PORT", str(it.port))
            outcome = await ask_all(parse(tuple(line.split())), None, (4, 6), Config())
            findings = outcome.journey.outcome.error
            return outcome.exchanges[0], findings, it.requests

    return asyncio.run(program())


def addresses(exchange):
    return [record.rdata for record in walker.decode(exchange.response).answer]


def server_context(pki, *alpn, kind="good"):
    context = pki.issue(kind).server_context()
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


@pytest.mark.parametrize(
    ("words", "kind", "alpn"),
    [
        ("+tls @127.0.0.1:PORT", "dot", ("dot",)),
        ("+tls @127.0.0.1#PORT", "dot", ()),
        ("+https @127.0.0.1:PORT", "doh", ("h2",)),
        ("+https @127.0.0.1:PORT", "doh", ("http/1.1",)),
        ("+https-get @127.0.0.1:PORT", "doh", ("h2",)),
        ("+https-get=/q?x=1 @127.0.0.1:PORT", "doh", ("http/1.1",)),
        ("@tls://127.0.0.1:PORT +notls-ca", "dot", ()),
        ("@https://127.0.0.1:PORT +notls-ca", "doh", ("h2",)),
    ],
)
def test_encrypted_ways(pki, words, kind, alpn):
    exchange, error, requests = asked(words, kind, server_context(pki, *alpn))
    assert error is None
    assert addresses(exchange) == [ADDRESS]
    assert exchange.transport == ("tls" if kind == "dot" else "https")
    assert exchange.tls.startswith("TLSv1.3, certificate not verified: ")
    assert len(exchange.query) % 128 == 0, "RFC 8467, 4.1"
    if kind == "doh":
        assert exchange.query[:2] == b"\0\0", "RFC 8484, 4.1"
        start = "/q?x=1&dns=" if "=/q" in words else "/dns-query?dns=" if "get" in words else ""
        ((method, path),) = requests
        assert method == ("GET" if start else "POST")
        assert path.startswith(start) if start else path == "/dns-query"


def test_http_in_clear_is_http2():
    exchange, _, requests = asked("+http-plain=q @127.0.0.1:PORT", "doh")
    assert addresses(exchange) == [ADDRESS]
    assert (exchange.transport, exchange.tls) == ("http", None)
    assert requests == [("POST", "/q")]


def test_padding_can_be_chosen(pki):
    context = server_context(pki)
    assert len(asked("+tls +padding=0 @127.0.0.1:PORT", "dot", context)[0].query) == 40
    assert len(asked("+tls +padding=300 @127.0.0.1:PORT", "dot", context)[0].query) == 300


def test_a_certificate_that_must_be_good(pki):
    words = f"+tls +tls-ca={pki.root_file} +tls-hostname=NAME @127.0.0.1:PORT"
    context = server_context(pki)
    good, _, _ = asked(words.replace("NAME", "localhost"), "dot", context)
    assert addresses(good) == [ADDRESS]
    assert good.tls == "TLSv1.3, certificate of localhost verified"
    bad, error, requests = asked(words.replace("NAME", "other.test"), "dot", context)
    assert bad.response is None
    assert error.id == bad.failure_id == "tls.cert.wrong_name"
    assert requests == [], "it is asked nothing"


def test_an_url_insists_on_a_good_certificate(pki):
    exchange, error, _ = asked("@tls://127.0.0.1:PORT", "dot", server_context(pki))
    assert exchange.response is None
    assert error.id.startswith("tls.cert.")


@pytest.mark.parametrize("faults", [{"status": 404}, {"media_type": "text/html"}])
def test_http_answers_that_are_none(faults):
    exchange, error, _ = asked("+http-plain @127.0.0.1:PORT", "doh", **faults)
    assert exchange.response is None
    assert error.id == "dns.failed"
    assert str(faults.get("status", "text/html")) in exchange.failure


def test_what_speaks_no_tls():
    exchange, error, _ = asked("+tls +time=2 @127.0.0.1:PORT", "doh", http="1.1")
    assert exchange.response is None
    assert error.id in ("dns.silent", "tls.not_tls", "tls.dropped", "tls.protocol")


def test_a_file_that_cannot_be_used_is_told(tmp_path):
    with pytest.raises(TlsError):
        asked(f"+tls +tls-ca={tmp_path}/nothing @127.0.0.1:PORT")


def test_a_transfer_over_tls(pki):
    """RFC 9103: as over TCP, on a server that an stunnel stands in front of."""

    async def program():
        context, relays = server_context(pki), []
        async with NameServer(ZoneSet([parent_zone()])) as names:

            async def relay(reader, writer):
                relays.append(asyncio.current_task())
                up_reader, up_writer = await asyncio.open_connection(*names.address)
                up_writer.write(await reader.read(4096))
                up_writer.write_eof()
                writer.write(await up_reader.read(-1))
                for one in (writer, up_writer):
                    one.close()
                    await one.wait_closed()

            server = await asyncio.start_server(relay, "127.0.0.1", 0, ssl=context)
            port = server.sockets[0].getsockname()[1]
            words = parse(("example.org", "AXFR", "+tls", f"@127.0.0.1:{port}"))
            outcome = await ask_all(words, None, (4, 6), Config())
            await asyncio.gather(*relays)
            server.close()
            return outcome.exchanges[0]

    exchange = asyncio.run(program())
    assert exchange.failure is None
    whole = (exchange.response, *exchange.more)
    records = [record for data in whole for record in walker.decode(data).answer]
    assert records[0] == records[-1]
    assert len(records) > 25
