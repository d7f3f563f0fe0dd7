"""Handshakes over real sockets: good ones told whole, bad ones named."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from firstbyte.client.options import TlsOptions, TraceOptions
from firstbyte.client.trace import trace
from firstbyte.errors import ConnectError, TlsError
from firstbyte.events import Event, Recorder
from firstbyte.net import system
from firstbyte.net.tcp import connect_tcp, open_socket
from firstbyte.net.tls import TlsStream, make_settings, start_tls
from testbed.pki import KINDS, Pki
from testbed.tls_peers import echo_server, nginx_server, openssl_server, scripted_server

pytestmark = pytest.mark.usefixtures("openssl")


@dataclass
class Told:
    """What came out of one handshake."""

    events: list[Event] = field(default_factory=list)
    error: TlsError | None = None
    version: str | None = None
    alpn: str | None = None
    answer: bytes = b""

    def what(self, type_: str) -> list[Any]:
        return [event.what for event in self.events if event.type == type_]

    def messages(self) -> list[str]:
        return [
            f"{'>' if event.direction == 'sent' else '<'}{event.what.name}"
            for event in sorted(self.events, key=lambda event: event.at_ns)
            if event.type == "tls.message"
        ]

    def message(self, name: str) -> Any:
        return next(what for what in self.what("tls.message") if what.name == name)

    @property
    def finished(self) -> Any:
        return self.what("tls.finished")[0]


async def handshake(
    port: int,
    pki: Pki,
    name: str = "localhost",
    alpn: tuple[str, ...] = (),
    send: bytes = b"hello\n",
    **options: Any,
) -> Told:
    """Connect, shake hands, send a line and read the answer."""
    recorder = Recorder(system.current().now_ns, "kernel")
    scope = recorder.scope().on_connection("tcp")
    options.setdefault("ca_file", str(pki.root_file))
    settings = make_settings(TlsOptions(**options), system.current())
    stream = await connect_tcp(open_socket("127.0.0.1"), ("127.0.0.1", port), scope)
    told = Told(recorder.events)
    secured: TlsStream | None = None
    try:
        secured = await start_tls(stream, settings, name, alpn, scope)
        told.version, told.alpn = secured.version, secured.alpn
        if send:
            await secured.send(send)
            told.answer = await secured.receive()
        await secured.close()
    except TlsError as error:
        told.error = error
        if secured is not None:
            secured.abort()
    return told


def run(coroutine: Awaitable[None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await coroutine

    asyncio.run(bounded())


def in_order(names: Iterable[str], among: list[str]) -> bool:
    rest = iter(among)
    return all(name in rest for name in names)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "revoked"])
def test_each_kind_of_chain_gets_its_verdict(pki: Pki, kind: str) -> None:
    async def check() -> None:
        async with echo_server(pki.issue(kind).server_context()) as port:
            told = await handshake(port, pki)
        assert (told.error and told.error.id) == KINDS[kind]
        verified = told.what("tls.verified")[0]
        assert verified.ok is (KINDS[kind] is None)
        assert verified.name_checked == "localhost"
        assert KINDS[kind] in {None, *(error.finding for error in verified.errors)}
        assert told.finished.version == "TLSv1.3"
        sent = told.what("tls.certificates")[0].sent
        assert [certificate.bytes for certificate in sent] == (
            told.message("certificate").detail["certificate_bytes"]
        )
        assert told.answer == (b"hello\n" if KINDS[kind] is None else b"")

    run(check())


@pytest.mark.parametrize("kind", sorted(k for k, id_ in KINDS.items() if id_ and k != "revoked"))
def test_insecure_tells_the_faults_and_goes_on(pki: Pki, kind: str) -> None:
    async def check() -> None:
        async with echo_server(pki.issue(kind).server_context()) as port:
            told = await handshake(port, pki, insecure=True)
        assert told.error is None
        assert told.answer == b"hello\n"
        assert not told.what("tls.verified")[0].ok

    run(check())


def test_all_faults_are_found_with_their_depths(pki: Pki) -> None:
    async def check() -> None:
        async with echo_server(pki.issue("expired").server_context()) as port:
            told = await handshake(port, pki, name="elsewhere.test")
        errors = {(e.name, e.depth, e.code) for e in told.what("tls.verified")[0].errors}
        assert errors == {("CERT_HAS_EXPIRED", 0, 10), ("HOSTNAME_MISMATCH", 0, 62)}
        assert told.error is not None
        assert told.error.id == "tls.cert.wrong_name"
        assert told.error.hint

    run(check())


@pytest.mark.parametrize(
    ("name", "kind", "error"),
    [
        ("127.0.0.1", "good", None),
        ("::1", "good", None),
        ("[::1]", "good", None),
        ("192.0.2.7", "good", "tls.cert.wrong_name"),
        ("LOCALHOST.", "good", None),
        ("x.wild.test", "wildcard", None),
        ("wild.test", "wildcard", "tls.cert.wrong_name"),
        ("x.y.wild.test", "wildcard", "tls.cert.wrong_name"),
        ("bücher.wild.test", "wildcard", None),
    ],
)
def test_names_are_checked_as_rfc_9525_says(
    pki: Pki, name: str, kind: str, error: str | None
) -> None:
    async def check() -> None:
        async with echo_server(pki.issue(kind).server_context()) as port:
            told = await handshake(port, pki, name=name)
        assert (told.error and told.error.id) == error
        hello = told.message("client_hello").detail
        is_address = name[0] in "1[:"
        assert ("server_name" in hello) is not is_address
        assert told.what("tls.started")[0].server_name == hello.get("server_name")

    run(check())


def test_every_message_is_told_with_direction_size_and_cover(pki: Pki) -> None:
    async def check() -> None:
        context = pki.issue("good").server_context()
        context.set_alpn_protocols(["http/1.1"])
        async with echo_server(context) as port:
            told = await handshake(port, pki, alpn=("h2", "http/1.1"))
        assert told.alpn == "http/1.1"
        assert told.messages() == [
            ">client_hello",
            "<server_hello",
            "<change_cipher_spec",
            "<encrypted_extensions",
            "<certificate",
            "<certificate_verify",
            "<finished",
            ">change_cipher_spec",
            ">finished",
            "<new_session_ticket",
            "<new_session_ticket",
            ">alert",
        ]
        clear = {"client_hello", "server_hello", "change_cipher_spec"}
        for message in told.what("tls.message"):
            assert message.encrypted is (message.name not in clear)
            assert "error" not in message.detail
            assert message.bytes > 0
        finished = told.finished
        assert finished.cipher == told.message("server_hello").detail["cipher_suite"]
        assert finished.group == "x25519"
        assert finished.signature_algorithm == "ecdsa_secp256r1_sha256"
        assert finished.alpn == "http/1.1"
        assert finished.resumed is False
        assert finished.compute_ns > 0

    run(check())


def test_the_built_chain_ends_in_the_trusted_root(pki: Pki) -> None:
    async def check() -> None:
        async with echo_server(pki.issue("good").server_context()) as port:
            told = await handshake(port, pki)
        certificates = told.what("tls.certificates")[0]
        assert [(c.depth, c.sent) for c in certificates.sent] == [(0, True), (1, True)]
        assert [(c.depth, c.sent, c.self_signed) for c in certificates.built] == [
            (0, True, False),
            (1, True, False),
            (2, False, True),
        ]
        leaf = certificates.sent[0]
        assert leaf.san == ("localhost", "a.test", "b.test", "127.0.0.1", "::1")
        assert leaf.key == "EC P-256"
        assert certificates.built[2].is_ca

    run(check())


def test_no_alpn_is_chosen_when_the_server_has_none(pki: Pki) -> None:
    async def check() -> None:
        async with echo_server(pki.issue("good").server_context()) as port:
            told = await handshake(port, pki, alpn=("h2",))
        assert told.alpn is None
        assert told.finished.alpn is None

    run(check())


def test_large_data_goes_both_ways(pki: Pki) -> None:
    async def check() -> None:
        body = bytes(range(256)) * 4096
        recorder = Recorder(system.current().now_ns, "kernel")
        scope = recorder.scope().on_connection("tcp")
        settings = make_settings(TlsOptions(ca_file=str(pki.root_file)), system.current())
        async with echo_server(pki.issue("good").server_context()) as port:
            stream = await connect_tcp(open_socket("127.0.0.1"), ("127.0.0.1", port), scope)
            secured = await start_tls(stream, settings, "localhost", (), scope)
            sending = asyncio.create_task(secured.send(body))
            received = b""
            while len(received) < len(body):
                received += await secured.receive()
            await sending
            assert secured.remote_address == ("127.0.0.1", port)
            await secured.close()
            await secured.close()
        assert received == body

    run(check())


# peers that speak no TLS, or not for long


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "tls.plain_http"),
        (b"<html>", "tls.plain_http"),
        (b"220 mail.test ESMTP\r\n", "tls.plain_http"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "tls.plain_http"),
        (b"\x00\x01\x02\x03garbage", "tls.protocol"),
        (b"\x16\x09\x09\x00\x20" + bytes(32), "tls.protocol"),
        (b"\x16\x03\x03\xff\xff" + bytes(64), "tls.protocol"),
        (b"\x16\x03\x03\x00\x04\x02\x00\x00\x00", "tls.protocol"),
        (b"\x17\x03\x03\x00\x20" + bytes(32), "tls.protocol"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "tls.no_common_version"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "tls.no_common_cipher"),
        (b"\x15\x03\x03\x00\x02\x02\x47", "tls.no_common_cipher"),
        (b"\x15\x03\x03\x00\x02\x02\x78", "tls.no_common_alpn"),
        (b"\x15\x03\x03\x00\x02\x02\x70", "tls.alert.unrecognized_name"),
        (b"\x15\x03\x03\x00\x02\x02\x50", "tls.alert.internal_error"),
        (b"\x15\x03\x03\x00\x02\x02\xc8", "tls.alert.unknown_200"),
        (b"\x15\x03\x03\x00\x02\x01\x00", "tls.dropped"),
        (b"\x15\x03\x03\x00\x02\x01\x5a" * 20, "tls.protocol"),
    ],
)
@pytest.mark.parametrize("piece", [1, 1000])
def test_answers_that_are_no_handshake_are_named(
    pki: Pki, answer: bytes, error: str, piece: int
) -> None:
    def script(transport: asyncio.Transport, received: bytes) -> None:
        if received:
            for start in range(0, len(answer), piece):
                transport.write(answer[start : start + piece])
            transport.write_eof()

    async def check() -> None:
        async with scripted_server(script) as port:
            told = await handshake(port, pki)
        assert told.error is not None
        assert told.error.id == error
        assert told.what("tls.failed")[0].cause == error
        assert told.messages()[0] == ">client_hello"

    run(check())


def test_words_that_people_search_for_are_in_the_message(pki: Pki) -> None:
    def script(transport: asyncio.Transport, received: bytes) -> None:
        if received:
            transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def check() -> None:
        async with scripted_server(script) as port:
            told = await handshake(port, pki)
        assert told.error is not None
        assert "wrong version number" in told.error.message
        assert "HTTP/1.1 400 Bad Request" in told.error.message

    run(check())


@pytest.mark.parametrize("how", ["close", "abort", "close_at_once"])
def test_a_connection_dropped_after_client_hello_is_told_so(pki: Pki, how: str) -> None:
    def script(transport: asyncio.Transport, received: bytes) -> None:
        if how == "close_at_once":
            transport.close()
        elif received:
            transport.abort() if how == "abort" else transport.close()

    async def check() -> None:
        async with scripted_server(script) as port:
            told = await handshake(port, pki)
        assert told.error is not None
        assert told.error.id == "tls.dropped"
        assert told.what("tls.failed")[0].cause == "tls.dropped"

    run(check())


def test_endless_records_end(pki: Pki) -> None:
    record = b"\x16\x03\x03\x40\x00" + bytes([0x0B, 0xFF, 0xFF, 0xFF]) + bytes(16380)

    def script(transport: asyncio.Transport, received: bytes) -> None:
        if received:
            transport.write(record * 200)

    async def check() -> None:
        async with scripted_server(script) as port:
            told = await handshake(port, pki)
        assert told.error is not None
        assert told.error.id == "tls.protocol"

    run(check())


def test_a_silent_peer_is_left_at_the_callers_deadline(pki: Pki) -> None:
    async def check() -> None:
        async with scripted_server(lambda _transport, _received: None) as port:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await handshake(port, pki)

    run(check())


# client certificates


@pytest.mark.parametrize("maximum", ["1.2", "1.3"])
def test_a_wanted_client_certificate_is_missed(pki: Pki, maximum: str) -> None:
    async def check() -> None:
        context = pki.issue("good").server_context()
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(pki.root_file)
        async with echo_server(context) as port:
            told = await handshake(port, pki, maximum=maximum)
        assert told.error is not None
        assert told.error.id == "tls.client_certificate_required"
        assert "<certificate_request" in told.messages()
        assert bool(told.what("tls.finished")) is (maximum == "1.3")

    run(check())


@pytest.mark.parametrize("maximum", ["1.2", "1.3"])
def test_a_client_certificate_is_given(pki: Pki, maximum: str) -> None:
    async def check() -> None:
        context = pki.issue("good").server_context()
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(pki.root_file)
        certificate = {
            "cert_file": str(pki.client.cert_file),
            "key_file": str(pki.client.key_file),
        }
        async with echo_server(context) as port:
            told = await handshake(port, pki, maximum=maximum, **certificate)
        assert told.error is None
        assert told.answer == b"hello\n"
        assert ">certificate_verify" in told.messages()

    run(check())


@pytest.mark.parametrize(("maximum", "code"), [("1.2", 35), ("1.3", 56)])
def test_a_missed_certificate_exits_as_curl_does(pki: Pki, maximum: Any, code: int) -> None:
    async def check() -> None:
        context = pki.issue("good").server_context()
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(pki.root_file)
        async with echo_server(context) as port:
            options = TraceOptions(tls=TlsOptions(ca_file=str(pki.root_file), maximum=maximum))
            journey = await trace(f"https://127.0.0.1:{port}/", options)
        assert journey.outcome.error is not None
        assert journey.outcome.error.id == "tls.client_certificate_required"
        assert journey.outcome.exit_code == code

    run(check())


# settings that cannot be


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"ca_file": "/nowhere/roots.pem"}, "tls.ca_unreadable"),
        ({"ca_pem": b"no PEM", "ca_file": None}, "tls.ca_unreadable"),
        ({"cert_file": "/nowhere/client.pem"}, "tls.client_certificate_unusable"),
        ({"ciphers": "NO-SUCH-CIPHER"}, "tls.bad_cipher_list"),
        ({"ciphers": "TLS_NO_SUCH"}, "tls.bad_cipher_list"),
        ({"curves": "X25519:no-such-curve"}, "tls.bad_cipher_list"),
    ],
)
def test_bad_settings_fail_before_a_byte_is_sent(
    pki: Pki, options: dict[str, Any], error: str
) -> None:
    async def check() -> None:
        async with echo_server(pki.issue("good").server_context()) as port:
            told = await handshake(port, pki, **options)
        assert told.error is not None
        assert told.error.id == error
        assert told.messages() == []

    run(check())


def test_ciphers_and_curves_are_offered_as_asked(pki: Pki) -> None:
    async def check() -> None:
        async with echo_server(pki.issue("good").server_context()) as port:
            told = await handshake(
                port,
                pki,
                ciphers="TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256",
                curves="P-384:X25519",
            )
        hello = told.message("client_hello").detail
        assert hello["cipher_suites"][:2] == [
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        ]
        assert hello["supported_groups"] == ["secp384r1", "x25519"]
        assert told.finished.cipher == "TLS_CHACHA20_POLY1305_SHA256"

    run(check())


def test_keys_are_logged_line_by_line(pki: Pki, tmp_path: Path) -> None:
    log = tmp_path / "keys"
    log.write_text("# mine\n")

    async def check() -> None:
        async with echo_server(pki.issue("good").server_context()) as port:
            await handshake(port, pki, keylog_file=str(log))

    run(check())
    lines = log.read_text().splitlines()
    assert lines[0] == "# mine"
    assert {line.split()[0] for line in lines[1:]} >= {
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_TRAFFIC_SECRET_0",
    }


def test_a_key_log_that_cannot_be_written_breaks_nothing(pki: Pki) -> None:
    async def check() -> None:
        async with echo_server(pki.issue("good").server_context()) as port:
            told = await handshake(port, pki, keylog_file="/nowhere/keys")
        assert told.answer == b"hello\n"

    run(check())


class FaultyStream:
    """A stream that stops in its tracks at the given call, to be cancelled there."""

    remote_address = local_address = ("192.0.2.1", 443)

    def __init__(self, stop_at: str, answer: bytes = b"") -> None:
        self.stop_at = stop_at
        self.answer = answer
        self.stopped = asyncio.Event()
        self.calls: list[str] = []

    async def _call(self, name: str) -> None:
        self.calls.append(name)
        if name == self.stop_at:
            self.stopped.set()
            await asyncio.Event().wait()

    async def send(self, data: bytes) -> None:
        await self._call("send")

    async def receive(self) -> bytes:
        await self._call("receive")
        return self.answer

    async def close(self, *, patient: bool = True) -> None:
        await self._call("close")

    def abort(self) -> None:
        self.calls.append("abort")


@pytest.mark.parametrize(
    ("stop_at", "answer"), [("send", b""), ("receive", b""), ("close", b"HTTP/1.1 400\r\n")]
)
def test_cancelled_anywhere_the_stream_is_aborted(pki: Pki, stop_at: str, answer: bytes) -> None:
    async def check() -> None:
        stream = FaultyStream(stop_at, answer)
        scope = Recorder(system.current().now_ns, "kernel").scope().on_connection("tcp")
        settings = make_settings(TlsOptions(ca_file=str(pki.root_file)), system.current())
        task = asyncio.create_task(start_tls(stream, settings, "localhost", (), scope))
        await stream.stopped.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert stream.calls[-1] == "abort"
        assert [event.type for event in scope.recorder.events][:2] == [
            "tls.started",
            "tls.message",
        ]

    run(check())


# OpenSSL as the peer


def server_arguments(pki: Pki, kind: str = "good") -> list[str]:
    issued = pki.issue(kind)
    chain = ["-cert_chain", str(issued.cert_file)]
    return ["-cert", str(issued.cert_file), "-key", str(issued.key_file), *chain]


@pytest.mark.interop
@pytest.mark.parametrize("kind", ["good", "rsa"])
def test_tls12_with_openssl(pki: Pki, kind: str) -> None:
    async def check() -> None:
        with openssl_server(*server_arguments(pki, kind), "-tls1_2") as port:
            told = await handshake(port, pki)
        assert told.answer == b"olleh\n"
        assert told.version == "TLSv1.2"
        assert in_order(
            [
                ">client_hello",
                "<server_hello",
                "<certificate",
                "<server_key_exchange",
                "<server_hello_done",
                ">client_key_exchange",
                ">change_cipher_spec",
                ">finished",
                "<new_session_ticket",
                "<change_cipher_spec",
                "<finished",
            ],
            told.messages(),
        )
        covered = {m.name for m in told.what("tls.message") if m.encrypted}
        assert covered == {"finished", "alert"}
        assert told.finished.group == "x25519"
        assert told.finished.cipher.startswith("TLS_ECDHE_")
        assert told.finished.signature_algorithm == (
            "ecdsa_secp256r1_sha256" if kind == "good" else "rsa_pss_rsae_sha256"
        )

    run(check())


@pytest.mark.interop
def test_rsa_key_exchange_has_no_group(pki: Pki) -> None:
    async def check() -> None:
        with openssl_server(*server_arguments(pki, "rsa"), "-tls1_2", "-cipher", "kRSA") as port:
            told = await handshake(port, pki, ciphers="kRSA")
        assert told.answer == b"olleh\n"
        assert told.finished.group is None
        assert told.finished.signature_algorithm is None

    run(check())


@pytest.mark.interop
def test_hello_retry_request_with_openssl(pki: Pki) -> None:
    async def check() -> None:
        with openssl_server(*server_arguments(pki), "-groups", "P-521") as port:
            told = await handshake(port, pki)
        assert told.answer == b"olleh\n"
        assert in_order(
            [">client_hello", "<hello_retry_request", ">client_hello", "<server_hello"],
            told.messages(),
        )
        assert told.message("hello_retry_request").detail["key_share"] == {"group": "secp521r1"}
        assert told.finished.group == "secp521r1"

    run(check())


@pytest.mark.interop
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("kind", ["good", "revoked"])
def test_staples_are_read_and_obeyed(pki: Pki, kind: str, version: str) -> None:
    async def check() -> None:
        staple = str(pki.issue(kind).staple_file)
        arguments = [*server_arguments(pki, kind), version, "-status_file", staple]
        with openssl_server(*arguments) as port:
            told = await handshake(port, pki)
        assert (told.error and told.error.id) == KINDS[kind]
        verified = told.what("tls.verified")[0]
        assert verified.staple.status == kind
        assert verified.staple.valid
        assert (verified.staple.revoked_at is not None) is (kind == "revoked")

    run(check())


@pytest.mark.interop
@pytest.mark.parametrize("kind", ["good", "revoked"])
def test_revocation_lists_beside_the_roots_are_obeyed(pki: Pki, kind: str) -> None:
    async def check() -> None:
        async with echo_server(pki.issue(kind).server_context()) as port:
            told = await handshake(port, pki, ca_file=str(pki.root_and_crl_file))
        assert (told.error and told.error.id) == KINDS[kind]

    run(check())


@pytest.mark.interop
def test_an_old_server_has_no_version_in_common(pki: Pki) -> None:
    async def check() -> None:
        old = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
        with openssl_server(*server_arguments(pki, "rsa"), *old) as port:
            told = await handshake(port, pki)
        assert told.error is not None
        assert told.error.id == "tls.no_common_version"

    run(check())


@pytest.mark.interop
def test_no_version_in_common_by_our_own_limits(pki: Pki) -> None:
    async def check() -> None:
        with openssl_server(*server_arguments(pki), "-tls1_2") as port:
            told = await handshake(port, pki, minimum="1.3")
        assert told.error is not None
        assert told.error.id == "tls.no_common_version"

    run(check())


@pytest.mark.interop
def test_no_cipher_in_common(pki: Pki) -> None:
    async def check() -> None:
        arguments = ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"]
        with openssl_server(*server_arguments(pki), *arguments) as port:
            told = await handshake(
                port, pki, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256", maximum="1.2"
            )
        assert told.error is not None
        assert told.error.id == "tls.no_common_cipher"

    run(check())


@pytest.mark.interop
def test_no_protocol_in_common(pki: Pki) -> None:
    async def check() -> None:
        with openssl_server(*server_arguments(pki), "-alpn", "other") as port:
            told = await handshake(port, pki, alpn=("h2", "http/1.1"))
        assert told.error is not None
        assert told.error.id == "tls.no_common_alpn"

    run(check())


@pytest.mark.interop
def test_openssl_requires_a_client_certificate(pki: Pki) -> None:
    async def check() -> None:
        arguments = ["-Verify", "1", "-verify_return_error", "-CAfile", str(pki.root_file)]
        with openssl_server(*server_arguments(pki), *arguments) as port:
            told = await handshake(port, pki)
        assert told.error is not None
        assert told.error.id == "tls.client_certificate_required"
        assert "alert certificate_required" in told.error.message
        assert told.what("tls.finished")

    run(check())


@pytest.mark.interop
def test_an_unknown_client_certificate_is_an_alert_of_its_name(pki: Pki) -> None:
    async def check() -> None:
        arguments = ["-Verify", "1", "-verify_return_error", "-CAfile", str(pki.root_file)]
        stranger = pki.issue("missing_intermediate")
        given = {"cert_file": str(stranger.cert_file), "key_file": str(stranger.key_file)}
        with openssl_server(*server_arguments(pki), *arguments) as port:
            told = await handshake(port, pki, **given)
        assert told.error is not None
        assert told.error.id == "tls.alert.unknown_ca"

    run(check())


def test_a_reset_after_the_handshake_is_tcps(pki: Pki) -> None:
    async def check() -> None:
        def script(transport: asyncio.Transport, received: bytes) -> None:
            if received:
                transport.abort()

        recorder = Recorder(system.current().now_ns, "kernel")
        scope = recorder.scope().on_connection("tcp")
        settings = make_settings(TlsOptions(ca_file=str(pki.root_file)), system.current())

        class Resetting(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                self.transport = transport

            def data_received(self, data: bytes) -> None:
                assert isinstance(self.transport, asyncio.Transport)
                self.transport.abort()

        from testbed.tls_peers import serving

        async with serving(Resetting, pki.issue("good").server_context()) as port:
            stream = await connect_tcp(open_socket("127.0.0.1"), ("127.0.0.1", port), scope)
            secured = await start_tls(stream, settings, "localhost", (), scope)
            await secured.send(b"hello")
            ended = b"?"
            with contextlib.suppress(ConnectError):
                ended = await secured.receive()
            assert ended in {b"", b"?"}
            secured.abort()

    run(check())


# nginx as the peer


@pytest.mark.interop
@pytest.mark.parametrize("maximum", ["1.2", "1.3"])
def test_nginx_with_a_staple(pki: Pki, tmp_path: Path, maximum: str) -> None:
    async def check() -> None:
        with nginx_server(tmp_path, pki.issue("good")) as (secure, plain):
            # nginx reads its stapling file for each handshake from the first on
            told = await handshake(secure, pki, alpn=("h2", "http/1.1"), send=b"", maximum=maximum)
            refused = await handshake(plain, pki)
        assert told.error is None
        assert told.version == f"TLSv{maximum}"
        assert told.alpn == "h2"
        assert told.what("tls.verified")[0].staple.valid
        assert refused.error is not None
        assert refused.error.id == "tls.plain_http"

    run(check())
