"""TLS: what was agreed, every message, the chain and the verdict on it."""

from rich.text import Text

from firstbyte.events.tls import Certificate
from firstbyte.journey.model import Hop, Tls, TlsMessage
from firstbyte.rendering.details.rows import joined, row
from firstbyte.rendering.look import Look
from firstbyte.rendering.tls_words import in_full
from firstbyte.rendering.units import decimals_for, duration, exact_size, milliseconds

MOST_NAMES = 12
"""Names of a certificate that are shown."""


def tls_facts(hop: Hop, look: Look) -> list[Text]:
    """Agreement, messages, certificates, verification, staple."""
    tls = hop.tls
    if tls is None:
        return []
    lines = row("agreed", _agreed(tls), look)
    lines.extend(row("server name", tls.server_name or "", look))
    lines.extend(row("alpn", _alpn(tls), look))
    if tls.compute_ms is not None:
        lines.extend(row("client compute", duration(tls.compute_ms), look))
    for message in tls.messages:
        lines.extend(row(*_message(message), look))
    lines.extend(_chain("sent", tls.certificates, look))
    lines.extend(_chain("trusted as", _added(tls), look))
    lines.extend(_verdict(tls, look))
    return lines


def _agreed(tls: Tls) -> str:
    return joined(
        (
            tls.version,
            tls.cipher,
            tls.group,
            tls.signature_algorithm,
            "resumed" if tls.resumed else None,
            "early data" if tls.early_data else None,
        )
    )


def _alpn(tls: Tls) -> str:
    offered = f"offered {', '.join(tls.alpn_offered)}" if tls.alpn_offered else None
    return joined((tls.alpn or ("none agreed" if offered else None), offered))


def _message(message: TlsMessage) -> tuple[str, str]:
    at = milliseconds(message.at_ms, decimals_for(message.at_ms))
    arrow = "→" if message.from_ == "client" else "←"
    hidden = "encrypted" if message.encrypted else None
    words = joined((f"{message.type} {exact_size(message.bytes)}", hidden, in_full(message.detail)))
    return f"{at} {arrow}", words


def _added(tls: Tls) -> tuple[Certificate, ...]:
    """Of the chain that was built, the certificates that the peer did not send."""
    return tuple(certificate for certificate in tls.chain if not certificate.sent)


def _chain(label: str, certificates: tuple[Certificate, ...], look: Look) -> list[Text]:
    lines: list[Text] = []
    for certificate in certificates:
        lines.extend(row(f"{label} {certificate.depth}", certificate.subject, look, "title"))
        lines.extend(row("", _certificate(certificate), look))
        if certificate.san:
            lines.extend(row("", f"names {_names(certificate.san)}", look))
    return lines


def _certificate(certificate: Certificate) -> str:
    issuer = "self-signed" if certificate.self_signed else f"issued by {certificate.issuer}"
    valid = f"{certificate.not_before} to {certificate.not_after}"
    return joined(
        (issuer, valid, certificate.key, certificate.signature_algorithm, f"{certificate.bytes} B")
    )


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _verdict(tls: Tls, look: Look) -> list[Text]:
    staple = row("ocsp staple", tls.staple.status, look) if tls.staple else []
    if tls.verify is None:
        return staple
    name = f" for {tls.verify.name_checked}" if tls.verify.name_checked else ""
    if tls.verify.ok:
        words = f"{look.glyphs.good} chain and name hold{name}"
        return [*row("verified", words, look, "good"), *staple]
    lines: list[Text] = []
    for error in tls.verify.errors:
        words = f"depth {error.depth}: {error.name} ({error.code}) · {error.message}"
        lines.extend(row("not verified", f"{words} · {error.finding}", look, "error"))
    return [*lines, *staple]
