"""The same over TLS (RFC 7858), HTTPS (RFC 8484) and, for tests behind a proxy, HTTP in clear."""

from typing import TYPE_CHECKING, Protocol

from firstbyte.errors import ConnectionLifeError
from firstbyte.events import Scope
from firstbyte.events.tls import Verified
from firstbyte.net.stream import Stream
from firstbyte.net.system import current
from firstbyte.net.tcp import connect_tcp, open_socket
from firstbyte.resolver.query.carry import Ends, Found, Server, Unanswered, answers, reason
from firstbyte.resolver.query.wanted import PORTS, Secured
from firstbyte.resolver.transports.framing import Framing, LengthFraming, Unfit

if TYPE_CHECKING:
    from firstbyte.net.tls import TlsSettings, TlsStream

_ALPN = {"tls": ("dot",), "https": ("h2", "http/1.1")}


class Target(Protocol):
    """Where a question goes; ``query.plain`` knows."""

    @property
    def query(self) -> bytes:
        """The message."""

    @property
    def server(self) -> Server:
        """The address and port to connect to."""

    @property
    def name(self) -> str:
        """The server as it was named."""

    @property
    def source(self) -> Server | None:
        """Where to ask from."""


async def over_secure(
    target: Target, secured: Secured, scope: Scope, ends: Ends | None
) -> tuple[list[bytes], str | None]:
    """The answer, for a transfer the messages after it, and words about the TLS connection.

    Raises:
        Unanswered: there is no connection, no trust in it where it is asked for, or no answer.

    """
    scope = scope.on_connection("tcp")
    try:
        stream, words = await _connected(target, secured, scope)
    except ConnectionLifeError as error:
        raise _unanswered(error, target.server) from error
    framing = _framing(target, secured, getattr(stream, "alpn", None))
    try:
        return await _asked(stream, framing, target.query, ends), words
    except ConnectionLifeError as error:
        raise _unanswered(error, target.server) from error
    except Unfit as error:
        raise Unanswered(str(error), "dns.failed") from error
    finally:
        await _close(stream)


def _unanswered(error: ConnectionLifeError, server: Server) -> Unanswered:
    """The error without the address, which whoever tells it knows."""
    host, port = server
    place = f"[{host}]:{port}: " if ":" in host else f"{host}:{port}: "
    return Unanswered(error.message.removeprefix(place), error.id)


def prepare(secured: Secured) -> None:
    """Load code and certificates, so that a server does not look slow for it.

    Raises:
        TlsError: a file of certificates or keys cannot be used.

    """
    if secured.kind != "http":
        _settings(secured).context()
    if secured.kind != "tls":
        import firstbyte.resolver.transports.doh_framing  # noqa: F401 - it takes 80 ms


async def _connected(
    target: Target, secured: Secured, scope: Scope
) -> "tuple[Stream | TlsStream, str | None]":
    sock = open_socket(target.server[0])
    if target.source is not None:
        try:
            sock.bind(target.source)
        except OSError as error:
            sock.close()
            raise Unanswered(reason(error)) from error
    stream = await connect_tcp(sock, target.server, scope)
    if secured.kind == "http":
        return stream, None
    from firstbyte.net.tls import start_tls

    name = secured.hostname or target.name
    alpn = _ALPN[secured.kind or "tls"]
    secure = await start_tls(stream, _settings(secured), name, alpn, scope)
    return secure, f"{secure.version}, {_verdict(scope, secured)}"


def _settings(secured: Secured) -> "TlsSettings":
    from firstbyte.net.tls import TlsSettings
    from firstbyte.net.tls_trust import choose_roots

    system = current()
    environment = system.environment()
    return TlsSettings(
        roots=choose_roots(
            ca_file=secured.ca_file,
            ca_path=None,
            ca_pem=None,
            environment=environment,
            anchors_pem=system.trust_anchors_pem(),
        ),
        insecure=not secured.verify,
        cert_file=secured.cert_file,
        key_file=secured.key_file,
        keylog_file=environment.get("SSLKEYLOGFILE") or None,
    )


def _verdict(scope: Scope, secured: Secured) -> str:
    """What the handshake found of the certificate."""
    for event in reversed(scope.recorder.events):
        found = event.what
        if isinstance(found, Verified):
            whose = f"certificate of {found.name_checked}" if found.ok else "certificate"
            if found.ok:
                return f"{whose} verified" if secured.verify else f"{whose} would be accepted"
            why = "; ".join(dict.fromkeys(error.message for error in found.errors))
            return f"{whose} not verified: {why}"
    return "certificate not judged"


def _framing(target: Target, secured: Secured, alpn: str | None) -> Framing:
    if secured.kind == "tls":
        return LengthFraming()
    from firstbyte.resolver.transports.doh_framing import Endpoint, Http1Framing, Http2Framing

    kind = secured.kind or "https"
    name = secured.hostname or target.name
    host = f"[{name}]" if ":" in name else name
    port = target.server[1]
    authority = host if port == PORTS[kind] else f"{host}:{port}"
    endpoint = Endpoint(name, port, authority, secured.path, kind, secured.get)
    # In clear nothing is agreed on: HTTP/2 by prior knowledge (RFC 9113, 3.3), as dig does.
    return Http2Framing(endpoint) if alpn == "h2" or kind == "http" else Http1Framing(endpoint)


async def _asked(stream: Stream, framing: Framing, query: bytes, ends: Ends | None) -> list[bytes]:
    key = framing.submit(query)
    found = Found(query, ends)
    await stream.send(framing.outgoing())
    while data := await stream.receive():
        for number, message in framing.receive(data):
            if isinstance(message, str):
                raise Unanswered(message, "dns.failed")
            if number == key and (found.messages or answers(query, message)):
                found.take(message)
                if found.whole:
                    return found.messages
        if out := framing.outgoing():
            await stream.send(out)
    raise Unanswered("the connection was closed before the answer was whole")


async def _close(stream: Stream) -> None:
    try:
        await stream.close(patient=False)
    except ConnectionLifeError:
        stream.abort()
