"""Which OpenSSL does a connection's work."""

from collections.abc import Callable

from firstbyte.errors import TlsError
from firstbyte.net.tls_engine import TlsEngine
from firstbyte.net.tls_messages import SeenMessages
from firstbyte.net.tls_peer_name import PeerName, peer_name
from firstbyte.net.tls_pyopenssl import UNSPECIFIED, PyOpenSslConnection
from firstbyte.net.tls_settings import TlsSettings


def make_engine(
    settings: TlsSettings,
    server_name: str,
    alpn: tuple[str, ...],
    now_ns: Callable[[], int],
    wall_time_s: float,
) -> TlsEngine:
    """An engine for one client connection.

    pyOpenSSL's, but where entropy is seeded that of Python's own OpenSSL, if it can do what the
    settings ask for.

    Args:
        settings: from ``make_settings``.
        server_name: host name (IDNA or not) or IP address: for SNI and for the check of the
            certificate.
        alpn: protocols to offer, best first.
        now_ns: the network's clock.
        wall_time_s: Unix time for validity dates.

    Raises:
        UsageError: the name is none.
        TlsError: those of ``TlsSettings.context``.

    """
    peer = peer_name(server_name)
    context = settings.context()  # both need it: the chain is judged by it
    if settings.seeded:
        engine = _seeded(settings, peer, alpn, now_ns, wall_time_s)
        if engine is not None:
            return engine
    seen = SeenMessages(now_ns())
    connection = PyOpenSslConnection(context, peer, alpn, wall_time_s, seen)
    return TlsEngine(connection, peer, now_ns, seen)


def _seeded(
    settings: TlsSettings,
    peer: PeerName,
    alpn: tuple[str, ...],
    now_ns: Callable[[], int],
    wall_time_s: float,
) -> TlsEngine | None:
    from firstbyte.net.tls_judge import examine
    from firstbyte.net.tls_libssl import Judged, LibsslConnection, UnsupportedError

    def judge(chain: list[bytes]) -> Judged:
        if not chain:
            return Judged([], [])
        try:
            engine = examine(chain, settings, peer, now_ns, wall_time_s)
        except TlsError:
            return Judged([], [(UNSPECIFIED, 0)])
        return Judged(engine.chain_built(), engine.verify_errors)

    seen = SeenMessages(now_ns())
    try:
        connection = LibsslConnection(settings, peer, alpn, judge, seen)
    except UnsupportedError:
        return None
    return TlsEngine(connection, peer, now_ns, seen)
