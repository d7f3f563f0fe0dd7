"""Every finding's fault, produced for real on loopback: sockets, servers and a DNS of our own.

A fault is a coroutine that sets up its peers, traces, and gives the journey. None needs root or
the internet; lost packets come from socket filters that drop what the kernel received.
"""

import asyncio
import contextlib
import ctypes
import os
import socket
import ssl
import struct
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from aioquic.asyncio import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated, QuicEvent
from cryptography.hazmat.primitives import serialization

from firstbyte.client.options import (
    ConnectOptions,
    HttpOptions,
    LimitOptions,
    ResolveOptions,
    TlsOptions,
    TraceOptions,
)
from firstbyte.client.trace import trace
from firstbyte.journey.model import Journey
from testbed import h3_server
from testbed.dns_server import DnsServer
from testbed.h3_server import serve_h3
from testbed.http_servers import (
    Script,
    answer,
    empty,
    endless,
    paced,
    read_head,
    redirecting,
    resetting,
    respond,
    serve,
    silent,
    tunnelling,
)
from testbed.pki import Pki
from testbed.tls_peers import openssl_server

Fault = Callable[["Bed"], Awaitable[Journey]]
FAULTS: dict[str, Fault] = {}

NAME = "site.example"
LOCAL = "127.0.0.1"
SO_ATTACH_FILTER = 26
SO_DETACH_FILTER = 27


def fault(finding_id: str) -> Callable[[Fault], Fault]:
    """Register a coroutine as the fault behind ``finding_id``."""

    def register(function: Fault) -> Fault:
        FAULTS[finding_id] = function
        return function

    return register


@dataclass(frozen=True)
class Bed:
    """What faults are made with."""

    pki: Pki
    directory: Path

    async def trace(
        self,
        url: str,
        *,
        resolve: ResolveOptions | None = None,
        connect: ConnectOptions | None = None,
        tls: TlsOptions | None = None,
        http: HttpOptions | None = None,
        limits: LimitOptions | None = None,
    ) -> Journey:
        """Trace with the test's root, without proxies, and with names only from ``resolve``."""
        options = TraceOptions(
            resolve=resolve or known(NAME, "localhost"),
            connect=connect or ConnectOptions(timeout_s=10),
            tls=tls or self.tls(),
            http=http or HttpOptions(proxy=""),
            limits=limits or LimitOptions(max_time_s=15),
        )
        return await trace(url, options)

    def tls(self, **changes: object) -> TlsOptions:
        """TLS options that trust the test's root."""
        return TlsOptions(**({"ca_file": str(self.pki.root_file)} | changes))  # type: ignore[arg-type]


def known(*names: str, address: str = LOCAL) -> ResolveOptions:
    """These names lead to ``address``, whatever the port."""
    return ResolveOptions(static=tuple((name, 0, (address,)) for name in names))


def asking(*servers: DnsServer, timeout_s: float = 5) -> ResolveOptions:
    """Ask these servers."""
    return ResolveOptions(servers=tuple(s.address for s in servers), timeout_s=timeout_s)


# --- names ---


async def looked_up(
    bed: Bed, zone: dict[str, dict[str, list[str]]], *, timeout_s: float = 5, **behaviour: object
) -> Journey:
    async with DnsServer(zone) as server:
        server.behave(**behaviour)
        return await bed.trace(f"http://{NAME}./", resolve=asking(server, timeout_s=timeout_s))


ZONE = {NAME: {"A": [LOCAL]}}


@fault("dns.nxdomain")
async def nxdomain(bed: Bed) -> Journey:
    return await looked_up(bed, {})


@fault("dns.nodata")
async def nodata(bed: Bed) -> Journey:
    return await looked_up(bed, {NAME: {"TXT": ['"no address"']}})


@fault("dns.servfail")
async def servfail(bed: Bed) -> Journey:
    return await looked_up(bed, ZONE, rcode="SERVFAIL")


@fault("dns.bogus")
async def bogus(bed: Bed) -> Journey:
    """A validating resolver says why it fails (RFC 8914)."""
    why = (7, "signature expired")
    return await looked_up(bed, ZONE, rcode="SERVFAIL", extended_error=why)


@fault("dns.refused")
async def refused_by_dns(bed: Bed) -> Journey:
    return await looked_up(bed, ZONE, rcode="REFUSED")


@fault("dns.silent")
async def dns_silent(bed: Bed) -> Journey:
    return await looked_up(bed, ZONE, timeout_s=0.1, silent=True)


def broken_answer(query: bytes) -> bytes:
    """The right id and question, and five answers announced that are not there."""
    return query[:2] + b"\x81\x80\x00\x01\x00\x05\x00\x00\x00\x00" + query[12:] + b"\xff" * 5


@fault("dns.malformed")
async def dns_malformed(bed: Bed) -> Journey:
    return await looked_up(bed, ZONE, timeout_s=2, raw=broken_answer)


@fault("dns.failed")
async def dns_failed(bed: Bed) -> Journey:
    with closed_port(socket.SOCK_DGRAM) as port:
        resolve = ResolveOptions(servers=((LOCAL, port),), timeout_s=0.3)
        return await bed.trace(f"http://{NAME}./", resolve=resolve)


@fault("dns.tcp_blocked")
async def dns_tcp_blocked(bed: Bed) -> Journey:
    async with DnsServer(ZONE, tcp_port="closed") as server:
        server.behave(truncate=True)
        return await bed.trace(f"http://{NAME}./", resolve=asking(server, timeout_s=0.5))


async def fetched_after_lookup(bed: Bed, *servers: DnsServer, timeout_s: float = 5) -> Journey:
    async with serve(respond()) as port:
        return await bed.trace(
            f"http://{NAME}.:{port}/", resolve=asking(*servers, timeout_s=timeout_s)
        )


@fault("dns.slow")
async def dns_slow(bed: Bed) -> Journey:
    async with DnsServer(ZONE) as server:
        server.behave(delay_s=0.25)
        return await fetched_after_lookup(bed, server)


@fault("dns.retried")
async def dns_retried(bed: Bed) -> Journey:
    """The first of two servers is not there."""
    async with DnsServer(ZONE) as alive, serve(respond()) as port:
        with closed_port(socket.SOCK_DGRAM) as dead:
            resolve = ResolveOptions(servers=((LOCAL, dead), alive.address))
            return await bed.trace(f"http://{NAME}.:{port}/", resolve=resolve)


@fault("dns.truncated")
async def dns_truncated(bed: Bed) -> Journey:
    async with DnsServer(ZONE) as server:
        server.behave(truncate=True)
        return await fetched_after_lookup(bed, server)


# --- TCP ---


@contextmanager
def closed_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> Iterator[int]:
    """A port at which nobody listens, kept from others meanwhile."""
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind((LOCAL, 0))
        port: int = held.getsockname()[1]
        if kind == socket.SOCK_DGRAM:
            held.close()
        yield port


def drop_everything(sock: socket.socket) -> None:
    """Let the kernel drop every packet that comes for this socket (a filter that keeps 0 bytes)."""
    program = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    place = struct.pack("HP", 1, ctypes.addressof(program))
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, place)
    except PermissionError:
        sock.close()
        pytest.skip("this kernel lets only root attach socket filters")


def drop_nothing(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


@contextmanager
def deaf_listener() -> Iterator[socket.socket]:
    """A socket that listens and never hears a SYN."""
    with socket.create_server((LOCAL, 0)) as listener:
        drop_everything(listener)
        yield listener


@fault("tcp.refused")
async def refused(bed: Bed) -> Journey:
    with closed_port() as port:
        return await bed.trace(f"http://{LOCAL}:{port}/")


@fault("tcp.timed_out")
async def tcp_silence(bed: Bed) -> Journey:
    with deaf_listener() as listener:
        port = listener.getsockname()[1]
        return await bed.trace(f"http://{LOCAL}:{port}/", connect=ConnectOptions(timeout_s=0.4))


@fault("tcp.handshake_retransmission")
async def lost_syn(bed: Bed) -> Journey:
    with deaf_listener() as listener:
        port = listener.getsockname()[1]
        listener.setblocking(False)
        server = await asyncio.start_server(adapted(respond()), sock=listener)
        asyncio.get_running_loop().call_later(0.4, drop_nothing, listener)
        async with server:
            return await bed.trace(f"http://{LOCAL}:{port}/")


def adapted(
    script: Script,
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await script(reader, writer)
        writer.close()

    return serve_one


@fault("tcp.loss")
async def lost_request(bed: Bed) -> Journey:
    """The server's kernel drops the first sending of the request."""
    with deaf_listener():
        pass  # where no filter may be attached, say so before the trace
    loop = asyncio.get_running_loop()

    async def accept(listener: socket.socket) -> None:
        sock, _ = await loop.sock_accept(listener)
        drop_everything(sock)
        loop.call_later(0.1, drop_nothing, sock)
        await adapted(respond())(*await asyncio.open_connection(sock=sock))

    with socket.create_server((LOCAL, 0)) as listener:
        listener.setblocking(False)
        task = asyncio.ensure_future(accept(listener))
        try:
            return await bed.trace(f"http://{LOCAL}:{listener.getsockname()[1]}/")
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


NO_NETWORK = """
import asyncio, sys
from firstbyte.client.options import ConnectOptions, TraceOptions
from firstbyte.client.trace import trace
journey = asyncio.run(trace("http://192.0.2.1/", TraceOptions()))
sys.stdout.buffer.write(journey.to_json())
"""


@fault("tcp.no_route")
async def no_route(_: Bed) -> Journey:
    """In a network namespace of its own there is no route to anywhere."""
    process = await asyncio.create_subprocess_exec(
        "unshare",
        "--map-root-user",
        "--net",
        sys.executable,
        "-c",
        NO_NETWORK,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"no_proxy": "*"},
    )
    output, errors = await process.communicate()
    if process.returncode != 0:
        pytest.skip(f"no network namespace may be made here: {errors.decode()[-200:]}")
    return Journey.from_json(output)


@fault("tcp.failed")
async def connect_failed(bed: Bed) -> Journey:
    """From a loopback address the kernel connects to no address elsewhere (EINVAL)."""
    return await bed.trace("http://192.0.2.1/", connect=ConnectOptions(interface=LOCAL))


@fault("tcp.interface")
async def no_interface(bed: Bed) -> Journey:
    async with serve(respond()) as port:
        connect = ConnectOptions(interface="nonesuch0")
        return await bed.trace(f"http://{LOCAL}:{port}/", connect=connect)


@fault("tcp.reset")
async def reset(bed: Bed) -> Journey:
    async with serve(resetting()) as port:
        return await bed.trace(f"http://{LOCAL}:{port}/")


@fault("tcp.ipv6_broken")
async def ipv6_broken(bed: Bed) -> Journey:
    async with DnsServer({NAME: {"A": [LOCAL], "AAAA": ["::1"]}}) as server:
        return await fetched_after_lookup(bed, server)


@fault("tcp.address_failed")
async def one_address_dead(bed: Bed) -> Journey:
    async with DnsServer({NAME: {"A": ["127.0.0.2", LOCAL]}}) as server:
        return await fetched_after_lookup(bed, server)


@fault("deadline.connect")
async def silent_handshake(bed: Bed) -> Journey:
    async with serve(never_answer) as port:
        return await bed.trace(f"https://{LOCAL}:{port}/", connect=ConnectOptions(timeout_s=0.3))


async def never_answer(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read(65536)
    await asyncio.Event().wait()


@fault("deadline.total")
async def silent_server(bed: Bed) -> Journey:
    async with serve(silent) as port:
        return await bed.trace(f"http://{LOCAL}:{port}/", limits=LimitOptions(max_time_s=0.3))


# --- TLS: certificates ---


async def presented(bed: Bed, kind: str, ca_file: Path | None = None) -> Journey:
    context = bed.pki.issue(kind).server_context()
    async with serve(respond(), tls=context) as port:
        tls = bed.tls(ca_file=str(ca_file or bed.pki.root_file))
        return await bed.trace(f"https://localhost:{port}/", tls=tls)


def certificate_fault(finding_id: str, kind: str) -> None:
    FAULTS[finding_id] = lambda bed: presented(bed, kind)


certificate_fault("tls.cert.expired", "expired")
certificate_fault("tls.cert.not_yet_valid", "not_yet_valid")
certificate_fault("tls.cert.self_signed", "self_signed")
certificate_fault("tls.cert.unknown_authority", "unknown_authority")
certificate_fault("tls.cert.missing_intermediate", "missing_intermediate")
certificate_fault("tls.cert.wrong_name", "wrong_name")
certificate_fault("tls.cert.weak", "weak_key")
certificate_fault("tls.cert.wrong_use", "wrong_use")
certificate_fault("tls.cert.invalid", "bad_signature")
certificate_fault("tls.cert.expiring", "expiring")
certificate_fault("tls.cert.must_staple", "must_staple")
certificate_fault("tls.intercepted", "intercepted")


@fault("tls.cert.revoked")
async def revoked(bed: Bed) -> Journey:
    return await presented(bed, "revoked", bed.pki.root_and_crl_file)


@fault("tls.root_sent")
async def root_sent(bed: Bed) -> Journey:
    good = bed.pki.issue("good")
    whole = bed.directory / "with-root.pem"
    whole.write_bytes(good.cert_file.read_bytes() + bed.pki.root_file.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(whole, good.key_file)
    return await over_tls(bed, context)


@fault("tls.large_certificates")
async def large_certificates(bed: Bed) -> Journey:
    """The intermediate's certificate is sent thirty times."""
    good = bed.pki.issue("good")
    again = good.chain[1].public_bytes(serialization.Encoding.PEM)
    whole = bed.directory / "large.pem"
    whole.write_bytes(good.cert_file.read_bytes() + again * 30)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(whole, good.key_file)
    return await over_tls(bed, context)


# --- TLS: the handshake ---


async def over_tls(
    bed: Bed,
    context: ssl.SSLContext,
    script: Script | None = None,
    *,
    tls: TlsOptions | None = None,
    http: HttpOptions | None = None,
) -> Journey:
    async with serve(script or respond(), tls=context) as port:
        return await bed.trace(f"https://localhost:{port}/", tls=tls, http=http)


def good_context(bed: Bed, kind: str = "good") -> ssl.SSLContext:
    return bed.pki.issue(kind).server_context()


async def after_hello(bed: Bed, *parts: bytes) -> Journey:
    """A peer that reads the ClientHello, sends ``parts`` and closes."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.writelines(parts)
        await writer.drain()

    async with serve(script) as port:
        return await bed.trace(f"https://localhost:{port}/")


def alert(code: int) -> bytes:
    return bytes([21, 3, 3, 0, 2, 2, code])


@fault("tls.plain_http")
async def plain_http(bed: Bed) -> Journey:
    return await after_hello(bed, b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def with_openssl(bed: Bed, *arguments: str, tls: TlsOptions | None = None) -> Journey:
    """OpenSSL's own server, because that of asyncio drops the connection without its alert."""
    issued = bed.pki.issue("rsa")
    files = ["-cert", str(issued.cert_file), "-key", str(issued.key_file)]
    with openssl_server(*files, "-cert_chain", str(issued.cert_file), *arguments) as port:
        return await bed.trace(f"https://localhost:{port}/", tls=tls)


@fault("tls.no_common_version")
async def no_common_version(bed: Bed) -> Journey:
    return await with_openssl(bed, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")


@fault("tls.no_common_cipher")
async def no_common_cipher(bed: Bed) -> Journey:
    tls = bed.tls(ciphers="ECDHE-RSA-CHACHA20-POLY1305", maximum="1.2")
    return await with_openssl(bed, "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256", tls=tls)


@fault("tls.no_common_alpn")
async def no_common_alpn(bed: Bed) -> Journey:
    return await after_hello(bed, alert(120))


@fault("tls.client_certificate_required")
async def client_certificate_required(bed: Bed) -> Journey:
    context = good_context(bed)
    context.load_verify_locations(bed.pki.root_file)
    context.verify_mode = ssl.CERT_REQUIRED
    return await over_tls(bed, context)


@fault("tls.hello_retry")
async def hello_retry(bed: Bed) -> Journey:
    context = good_context(bed)
    context.set_ecdh_curve("secp521r1")
    return await over_tls(bed, context)


@fault("tls.dropped")
async def dropped(bed: Bed) -> Journey:
    return await after_hello(bed)


@fault("tls.protocol")
async def broken_handshake(bed: Bed) -> Journey:
    return await after_hello(bed, b"\x16\x03\x03\x00\x08\x02\x00\x00\x04\x03\x03\x00\x00")


@fault("tls.alert")
async def unrecognized_name(bed: Bed) -> Journey:
    return await after_hello(bed, alert(112))


def old_context(bed: Bed, kind: str = "good") -> ssl.SSLContext:
    context = good_context(bed, kind)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


@fault("tls.truncated")
async def truncated_tls(bed: Bed) -> Journey:
    """A peer whose content ends with the connection, and whose process dies there."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(OK + b"\r\nhow long am I?")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
        await asyncio.sleep(0.2)

    return await over_tls(bed, good_context(bed), script)


@fault("tls.old_version")
async def old_version(bed: Bed) -> Journey:
    return await over_tls(bed, old_context(bed))


@fault("tls.full_handshake_cost")
async def full_handshake(bed: Bed) -> Journey:
    return await over_tls(bed, old_context(bed))


@fault("tls.weak_cipher")
async def weak_cipher(bed: Bed) -> Journey:
    context = old_context(bed, "rsa")
    context.set_ciphers("ECDHE-RSA-AES128-SHA:@SECLEVEL=0")
    return await over_tls(bed, context, tls=bed.tls(ciphers="ECDHE-RSA-AES128-SHA"))


# --- HTTP ---


async def plain(bed: Bed, script: Script, http: HttpOptions | None = None) -> Journey:
    async with serve(script) as port:
        return await bed.trace(f"http://{LOCAL}:{port}/", http=http)


def scripted(finding_id: str, script: Callable[[], Script]) -> None:
    FAULTS[finding_id] = lambda bed: plain(bed, script())


OK = b"HTTP/1.1 200 OK\r\n"
scripted("http.empty_reply", lambda: empty)
scripted("http.reset", lambda: resetting(OK + b"Content-Length: 100\r\n\r\nhalf"))
scripted("http.malformed", lambda: answer(OK + b"Content-Length: many\r\n\r\n"))
TWO_LENGTHS = b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
scripted("http.ambiguous_length", lambda: answer(OK + TWO_LENGTHS))
scripted("http.http09", lambda: answer(b"hello, I am an answer of 1991\r\n"))
scripted("http.header_too_large", lambda: endless(OK, b"X-Endless: " + b"x" * 1000 + b"\r\n"))
scripted("http.short_body", lambda: answer(OK + b"Content-Length: 100\r\n\r\nhalf"))
scripted("http.status", lambda: respond(status="503 Service Unavailable"))
scripted("http.slow_first_byte", lambda: respond(think_s=0.3))
scripted(
    "http.no_compression", lambda: respond(b"a" * 60_000, headers=[("Content-Type", "text/css")])
)
scripted(
    "http.bad_encoding",
    lambda: respond(b"this is not gzip", headers=[("Content-Encoding", "gzip")]),
)
scripted("http.paced_body", lambda: paced(OK + b"Content-Length: 300\r\n\r\n", b"x" * 100, 3, 0.15))


@fault("http.send_failed")
async def upload_refused(bed: Bed) -> Journey:
    """The server resets while a large body is still going out."""

    async def script(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await asyncio.sleep(0.05)
        writer.transport.abort()

    http = HttpOptions(method="POST", body=b"x" * 50_000_000, proxy="")
    return await plain(bed, script, http)


@fault("http.tls_on_plain_port")
async def tls_on_plain_port(bed: Bed) -> Journey:
    """A TLS server that says with an alert what it thinks of plain text."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(alert(70))

    return await plain(bed, script)


FOLLOW = HttpOptions(follow=True, proxy="")


@fault("http.redirect_loop")
async def redirect_loop(bed: Bed) -> Journey:
    routes = {"/": (302, "/again", ()), "/again": (302, "/", ())}
    return await plain(bed, redirecting(routes), FOLLOW)


@fault("http.too_many_redirects")
async def too_many_redirects(bed: Bed) -> Journey:
    routes = {f"/{n or ''}": (302, f"/{n + 1}", ()) for n in range(8)}
    http = HttpOptions(follow=True, max_redirects=3, proxy="")
    return await plain(bed, redirecting(routes), http)


@fault("http.many_redirects")
async def many_redirects(bed: Bed) -> Journey:
    routes = {"/": (301, "/www", ()), "/www": (302, "/home", ())}
    return await plain(bed, redirecting(routes), FOLLOW)


@fault("http.redirect_to_https")
async def redirect_to_https(bed: Bed) -> Journey:
    async with serve(respond(), tls=good_context(bed)) as secure_port:
        routes = {"/": (301, f"https://localhost:{secure_port}/", ())}
        async with serve(redirecting(routes)) as port:
            return await bed.trace(f"http://localhost:{port}/", http=FOLLOW)


@fault("http.insecure_redirect")
async def insecure_redirect(bed: Bed) -> Journey:
    routes = {"/": (302, "http://localhost/login", ())}
    return await over_tls(bed, good_context(bed), redirecting(routes))


@fault("http.no_http2")
async def no_http2(bed: Bed) -> Journey:
    context = good_context(bed)
    context.set_alpn_protocols(["http/1.1"])
    return await over_tls(bed, context)


H2Act = Callable[[h2.connection.H2Connection], None]


def h2_script(act: H2Act) -> Script:
    """An HTTP/2 server that does ``act`` when a request has come."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        machine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        machine.initiate_connection()
        while True:
            writer.write(machine.data_to_send())
            data = await reader.read(65536)
            if not data:
                return
            for event in machine.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    act(machine)

    return script


async def over_h2(bed: Bed, script: Script) -> Journey:
    context = good_context(bed)
    context.set_alpn_protocols(["h2"])
    return await over_tls(bed, context, script)


@fault("http.stream_reset")
async def stream_reset(bed: Bed) -> Journey:
    return await over_h2(bed, h2_script(lambda machine: machine.reset_stream(1, 2)))


@fault("http.goaway")
async def goaway(bed: Bed) -> Journey:
    return await over_h2(
        bed, h2_script(lambda machine: machine.close_connection(11, last_stream_id=0))
    )


@fault("http.protocol2")
async def protocol2(bed: Bed) -> Journey:
    return await over_h2(bed, answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))


# --- proxies ---


async def through(bed: Bed, proxy: str, resolve: ResolveOptions | None = None) -> Journey:
    http = HttpOptions(proxy=proxy)
    return await bed.trace("https://localhost/", http=http, resolve=resolve)


@fault("proxy.unresolved")
async def proxy_unresolved(bed: Bed) -> Journey:
    async with DnsServer({}) as server:
        return await through(bed, "http://proxy.example.:3128", asking(server))


@fault("proxy.connect")
async def proxy_refused(bed: Bed) -> Journey:
    with closed_port() as port:
        return await through(bed, f"http://{LOCAL}:{port}")


@fault("proxy.denied")
async def proxy_denied(bed: Bed) -> Journey:
    async with serve(tunnelling("407 Proxy Authentication Required")) as port:
        return await through(bed, f"http://{LOCAL}:{port}")


@fault("proxy.malformed")
async def proxy_malformed(bed: Bed) -> Journey:
    async with serve(answer(b"what is CONNECT?\r\n\r\n")) as port:
        return await through(bed, f"http://{LOCAL}:{port}")


# --- HTTP/3 ---

ONLY_HTTP3 = HttpOptions(version="3", only=True, proxy="")


async def over_h3(bed: Bed, script: h3_server.Script = h3_server.hello, **server: Any) -> Journey:
    async with serve_h3(bed.pki.issue("good"), script, **server) as port:
        return await bed.trace(f"https://localhost:{port}/", http=ONLY_HTTP3)


@contextmanager
def silent_udp_port() -> Iterator[int]:
    """A UDP port that takes datagrams and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((LOCAL, 0))
        yield sock.getsockname()[1]


@fault("quic.timed_out")
async def quic_silence(bed: Bed) -> Journey:
    with silent_udp_port() as port:
        connect = ConnectOptions(timeout_s=0.4)
        return await bed.trace(f"https://{LOCAL}:{port}/", http=ONLY_HTTP3, connect=connect)


@fault("quic.refused")
async def quic_refused(bed: Bed) -> Journey:
    with closed_port(socket.SOCK_DGRAM) as port:
        return await bed.trace(f"https://{LOCAL}:{port}/", http=ONLY_HTTP3)


class Refusing(QuicConnectionProtocol):
    """A server that is too busy for anybody: CONNECTION_REFUSED (RFC 9000, 20.1)."""

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ProtocolNegotiated):
            self._quic.close(error_code=0x2, frame_type=0, reason_phrase="too busy")


@fault("quic.handshake")
async def quic_handshake(bed: Bed) -> Journey:
    good = bed.pki.issue("good")
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["h3"])
    configuration.load_cert_chain(good.cert_file, good.key_file)
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: QuicServer(configuration=configuration, create_protocol=Refusing),
        local_addr=(LOCAL, 0),
    )
    try:
        port = transport.get_extra_info("sockname")[1]
        return await bed.trace(f"https://localhost:{port}/", http=ONLY_HTTP3)
    finally:
        server.close()


@fault("quic.version")
async def quic_version(bed: Bed) -> Journey:
    return await over_h3(bed, versions=(0xFF00001D,))


@fault("quic.closed")
async def quic_closed(bed: Bed) -> Journey:
    async def script(exchange: h3_server.Exchange) -> None:
        exchange.head(200)
        exchange.close(0x1, "going away", 0)

    return await over_h3(bed, script)


@fault("quic.blocked")
async def quic_blocked(bed: Bed) -> Journey:
    """TCP answers on the port where UDP is silent."""
    with silent_udp_port() as port:
        sock = socket.create_server((LOCAL, port))
        server = await asyncio.start_server(adapted(respond()), sock=sock, ssl=good_context(bed))
        async with server:
            http = HttpOptions(version="3", proxy="")
            return await bed.trace(f"https://localhost:{port}/", http=http)


@fault("http.protocol3")
async def protocol3(bed: Bed) -> Journey:
    """DATA comes before any HEADERS (RFC 9114, 4.1)."""

    async def script(exchange: h3_server.Exchange) -> None:
        exchange.raw(b"\x00\x05hello", end=True)

    return await over_h3(bed, script)
