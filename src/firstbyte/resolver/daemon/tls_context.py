"""The TLS of the daemon's DoT and DoH listeners (RFC 7858; RFC 9325)."""

import ssl
from pathlib import Path

from firstbyte.errors import UsageError


def server_context(certificate: str | None, key: str | None, alpn: list[str]) -> ssl.SSLContext:
    """A context for these PEM files; the key may stand in the certificate's file.

    Raises:
        UsageError: there is no certificate, or the files cannot be used.

    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(alpn)
    load_certificate(context, certificate, key)
    return context


def load_certificate(context: ssl.SSLContext, certificate: str | None, key: str | None) -> None:
    """Put the files' certificate into a context; connections that are open keep theirs.

    Raises:
        UsageError: there is no certificate, or the files cannot be used.

    """
    if not certificate:
        hint = 'tls_certificate = "chain.pem" and tls_key = "key.pem"'
        raise UsageError("DNS over TLS and HTTPS needs a certificate", hint)
    try:
        context.load_cert_chain(Path(certificate), Path(key) if key else None, _no_password)
    except (OSError, ssl.SSLError) as error:
        words = error.strerror or str(error)
        raise UsageError(f"the certificate {certificate} cannot be used: {words}") from error


def _no_password() -> str:
    """A daemon has nobody to ask: without this, OpenSSL would wait at the terminal."""
    return ""
