"""How connections are secured: options and environment settled once, OpenSSL contexts cached."""
# ruff: noqa: D102 - the members of TlsChoices are explained where they are set

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from firstbyte.errors import TlsError
from firstbyte.net.system import System
from firstbyte.net.tls_trust import Roots, choose_roots

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
    from OpenSSL import SSL

    PrivateKey = (
        dsa.DSAPrivateKey
        | ec.EllipticCurvePrivateKey
        | ed448.Ed448PrivateKey
        | ed25519.Ed25519PrivateKey
        | rsa.RSAPrivateKey
    )

TlsVersion = Literal["1.2", "1.3"]

SEEDED_CURVES = "X25519:P-256:X448:P-384:P-521"
"""What is offered where entropy is seeded: what every OpenSSL knows. A post-quantum share of 1.2 kB
would be sent on machines with OpenSSL 3.5 alone, and times would depend on the machine."""


class TlsChoices(Protocol):
    """What a caller may choose; ``client.options.TlsOptions`` is one."""

    @property
    def insecure(self) -> bool: ...
    @property
    def ca_file(self) -> str | None: ...
    @property
    def ca_path(self) -> str | None: ...
    @property
    def ca_pem(self) -> bytes | None: ...
    @property
    def cert_file(self) -> str | None: ...
    @property
    def key_file(self) -> str | None: ...
    @property
    def minimum(self) -> TlsVersion: ...
    @property
    def maximum(self) -> TlsVersion | None: ...
    @property
    def ciphers(self) -> str | None: ...
    @property
    def curves(self) -> str | None: ...
    @property
    def keylog_file(self) -> str | None: ...


class TlsSettings(Struct, frozen=True):
    """All that decides how a handshake goes, but for the peer's name and the protocols.

    ``seeded``: what is sent must repeat when entropy does. ``fingerprints`` are the sizes and
    times of the named files, so that a changed file makes a new context.
    """

    roots: Roots
    insecure: bool = False
    cert_file: str | None = None
    key_file: str | None = None
    minimum: TlsVersion = "1.2"
    maximum: TlsVersion | None = None
    ciphers: str | None = None
    curves: str | None = None
    keylog_file: str | None = None
    seeded: bool = False
    fingerprints: tuple[tuple[int, int] | None, ...] = ()

    def context(self) -> "SSL.Context":
        """The OpenSSL context, made on first use.

        The first call in a process costs 100 ms of imports: make it while waiting for the name.

        Raises:
            TlsError: tls.ca_unreadable, tls.client_certificate_unusable, tls.bad_cipher_list.

        """
        return _context(self)


def make_settings(choices: TlsChoices, system: System) -> TlsSettings:
    """Settle options and environment. Cheap: no certificate is read yet.

    Args:
        choices: the options.
        system: the machine, for its environment and its trust anchors.

    """
    environment = system.environment()
    roots = choose_roots(
        ca_file=choices.ca_file,
        ca_path=choices.ca_path,
        ca_pem=choices.ca_pem,
        environment=environment,
        anchors_pem=system.trust_anchors_pem(),
    )
    files = (roots.file, choices.cert_file, choices.key_file)
    return TlsSettings(
        roots=roots,
        insecure=choices.insecure,
        cert_file=choices.cert_file,
        key_file=choices.key_file,
        minimum=choices.minimum,
        maximum=choices.maximum,
        ciphers=choices.ciphers,
        curves=choices.curves or (SEEDED_CURVES if system.seeded else None),
        keylog_file=choices.keylog_file or environment.get("SSLKEYLOGFILE") or None,
        seeded=system.seeded,
        fingerprints=tuple(_fingerprint(file) for file in files),
    )


def _fingerprint(file: str | None) -> tuple[int, int] | None:
    if file is None:
        return None
    try:
        status = Path(file).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=16)
def _context(settings: TlsSettings) -> "SSL.Context":
    from OpenSSL import SSL

    # what a handshake needs is loaded now, so that no import falls into its measured time
    from firstbyte.net import tls_engines, tls_staple, tls_verify  # noqa: F401
    from firstbyte.net.tls_bindings import on_certificate, show_messages

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    _set_versions(context, settings)
    _set_algorithms(context, settings)
    _load_roots(context, settings)
    _load_client_certificate(context, settings)
    context.set_verify(SSL.VERIFY_PEER, on_certificate)
    if settings.keylog_file is not None:
        path = settings.keylog_file
        context.set_keylog_callback(lambda _connection, line: append_secret(path, line))
    show_messages(context)
    return context


def _set_versions(context: "SSL.Context", settings: TlsSettings) -> None:
    from OpenSSL import SSL

    numbers = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}
    context.set_min_proto_version(numbers[settings.minimum])
    if settings.maximum is not None:
        context.set_max_proto_version(numbers[settings.maximum])


def _set_algorithms(context: "SSL.Context", settings: TlsSettings) -> None:
    from firstbyte.net.tls_bindings import set_groups

    modern, older = split_ciphers(settings.ciphers)
    if modern:
        _apply("cipher list", modern, context.set_tls13_ciphersuites)
    if older:
        _apply("cipher list", older, context.set_cipher_list)
    if settings.curves:
        _apply("list of curves", settings.curves, lambda curves: set_groups(context, curves))


def split_ciphers(ciphers: str | None) -> tuple[str, str]:
    """TLS 1.3 suites and older ones: two lists in OpenSSL, which people write in one."""
    names = [name for name in (ciphers or "").split(":") if name]
    modern = [name for name in names if name.startswith("TLS_") and "_WITH_" not in name]
    older = [name for name in names if name not in modern]
    return ":".join(modern), ":".join(older)


def _apply(what: str, value: str, setter: Callable[[bytes], object]) -> None:
    from OpenSSL import SSL

    try:
        setter(value.encode())
    except SSL.Error as error:
        raise TlsError(
            "tls.bad_cipher_list",
            f"OpenSSL does not accept the {what} {value!r}",
            "names are separated by colons, as in `openssl ciphers` or `openssl list -tls-groups`",
        ) from error


def _load_roots(context: "SSL.Context", settings: TlsSettings) -> None:
    roots = settings.roots
    try:
        if roots.file is not None or roots.directory is not None:
            _load_locations(context, roots)
        if roots.pem is not None:
            _add_pem(context, roots.pem)
    except (OSError, ValueError) as error:
        if roots.required and not settings.insecure:
            raise TlsError(
                "tls.ca_unreadable",
                f"the root certificates ({roots.origin}) cannot be used: {error}",
                "name a file of PEM certificates",
            ) from error


def _load_locations(context: "SSL.Context", roots: Roots) -> None:
    from OpenSSL import SSL

    if roots.file is not None and b"BEGIN X509 CRL" in Path(roots.file).read_bytes():
        _check_revocation(context)
    try:
        context.load_verify_locations(roots.file, roots.directory)
    except SSL.Error as error:
        raise ValueError(f"no certificates in {roots.file or roots.directory}") from error


def _add_pem(context: "SSL.Context", pem: bytes) -> None:
    from cryptography import x509
    from OpenSSL import crypto

    store = context.get_cert_store()
    if store is None:
        return
    for certificate in x509.load_pem_x509_certificates(pem):
        store.add_cert(crypto.X509.from_cryptography(certificate))


def _check_revocation(context: "SSL.Context") -> None:
    """Consult the CRLs that came with the roots; a missing one is no fault (see tls_verify)."""
    from OpenSSL import crypto

    store = context.get_cert_store()
    if store is not None:
        flags = crypto.X509StoreFlags
        store.set_flags(flags.CRL_CHECK | flags.CRL_CHECK_ALL)


def _load_client_certificate(context: "SSL.Context", settings: TlsSettings) -> None:
    """The certificate's file may hold the key too, as curl allows."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from OpenSSL import SSL

    if settings.cert_file is None:
        return
    try:
        context.use_certificate_chain_file(settings.cert_file)
        context.use_privatekey(load_private_key(settings.key_file or settings.cert_file))
        context.check_privatekey()
    except (SSL.Error, OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        reason = _reason(error) if isinstance(error, SSL.Error) else str(error)
        raise TlsError(
            "tls.client_certificate_unusable",
            f"the client certificate {settings.cert_file} cannot be used: {reason}",
            "--cert wants a PEM file with the certificate and its chain, --key its key "
            "without a passphrase",
        ) from error


def load_private_key(file: str) -> "PrivateKey":
    """A key from a PEM file, without a passphrase: nobody is there to ask.

    Raises:
        OSError: the file cannot be read.
        ValueError, TypeError, UnsupportedAlgorithm: it holds no key that can be used.

    """
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(Path(file).read_bytes(), password=None)
    usable = (
        dsa.DSAPrivateKey,
        ec.EllipticCurvePrivateKey,
        ed448.Ed448PrivateKey,
        ed25519.Ed25519PrivateKey,
        rsa.RSAPrivateKey,
    )
    if not isinstance(key, usable):
        raise ValueError(f"a key of this kind cannot sign: {type(key).__name__}")  # noqa: TRY004
    return key


def _reason(error: Exception) -> str:
    """The last of OpenSSL's reasons."""
    reasons = error.args[0] if error.args else []
    return str(reasons[-1][2]) if reasons else "unknown reason"


def append_secret(path: str, line: bytes) -> None:
    """Add a line to an SSLKEYLOGFILE: in one write, so that processes do not mix theirs."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:
        return  # a log that cannot be written must not break the connection
    try:
        os.write(descriptor, line + b"\n")
    except OSError:
        return
    finally:
        os.close(descriptor)
