"""Somebody else than the name's owner seems to end the TLS connection."""

import re
from collections.abc import Iterator

from firstbyte.diagnosis.certificates import chain, leaf
from firstbyte.diagnosis.evidence import host
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.events.tls import Certificate
from firstbyte.journey.model import Hop, Journey

_PRODUCTS = re.compile(
    r"zscaler|netskope|forti(net|gate)|blue ?coat|cisco umbrella|sophos|watchguard|sonicwall"
    r"|barracuda|forcepoint|websense|check ?point|skyhigh|untangle|smoothwall|securly|goguardian"
    r"|iboss|kaspersky|avast|avg technologies|eset ssl filter|bitdefender|adguard|superfish"
    r"|mitmproxy|charles proxy|do_not_trust|fiddler|portswigger|squid"
    r"|\b((tls|ssl|https)[ -](inspection|interception|decryption|filter|proxy|scan\w*)"
    r"|(web|content)[ -]filter|inspection|interception|mitm)\b",
    re.IGNORECASE,
)
"""Words in the names of authorities that make certificates while a connection is opened."""
_PRIVATE_NAMES = re.compile(
    r"(^|\.)(local|localhost|localdomain|internal|intranet|lan|home|corp|private|home\.arpa"
    r"|test|invalid|example|onion)$"
)
"""RFC 6761, RFC 6762, RFC 8375, and what people use: private authorities are usual there."""


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        certificate = leaf(hop)
        if certificate is None or certificate.self_signed:
            continue  # inspection signs by its authority; devices of its makers sign for themselves
        said = _named_product(hop) or _added_root(hop, certificate)
        if said is not None:
            through = f"; the connection goes through the proxy {hop.proxy}" if hop.proxy else ""
            evidence = f"{_described(certificate)}{through}"
            yield Observation(f"The certificate of {host(hop)} {said}.", evidence)


def _named_product(hop: Hop) -> str | None:
    for certificate in (*chain(hop), *(hop.tls.chain if hop.tls is not None else ())):
        if _PRODUCTS.search(certificate.issuer):
            return f"was made by {certificate.issuer}, as inspection of TLS makes them"
    return None


def _added_root(hop: Hop, certificate: Certificate) -> str | None:
    """A public name, an authority of this machine's own, and no public log that knows of it."""
    built = hop.tls.chain if hop.tls is not None else ()
    file = built[-1].added_from if built else None
    if file is None or certificate.logged or not is_public(host(hop)):
        return None
    return f"comes from {built[-1].subject}, an authority that was added to this machine ({file})"


def is_public(name: str) -> bool:
    """Whether a public authority could have made a certificate for it, going by its form."""
    return (
        "." in name
        and ":" not in name
        and not name[-1:].isdigit()
        and not (_PRIVATE_NAMES.search(name.lower().removesuffix(".")))
    )


def _described(certificate: Certificate) -> str:
    logged = {True: "in public logs", False: "in no public log", None: "logs unknown"}
    return (
        f"{certificate.subject}, issued by {certificate.issuer}, valid from "
        f"{certificate.not_before}, {logged[certificate.logged]}, "
        f"SHA-256 {certificate.sha256[:16]}…"
    )


RULE = Rule(
    id="tls.intercepted",
    severity="warning",
    check=_check,
    title="TLS seems to end before the server",
    meaning=(
        "The certificate was not made by a public authority, but by one that companies, schools, "
        "virus scanners or debugging tools install to open connections and look in. Whoever it "
        "is reads and may change all content; what was measured (TLS version, protocol, times) is "
        "theirs, not the server's. It may also be that the name's owner uses a private authority."
    ),
    see=(
        "openssl s_client -connect HOST:443 -servername HOST -showcerts </dev/null",
        "trust list --filter=ca-anchors",
    ),
    fix="Compare the certificate's SHA-256 with what another network sees.",
    cures=(
        "If your company inspects on purpose: ask for an exception where it breaks something.",
        "If nobody can explain it: remove the authority from the trust store.",
    ),
    references=("RFC 8446, E.1", "RFC 9162, 1"),
    aliases=(
        "man in the middle",
        "MITM",
        "SSL inspection",
        "TLS interception",
        "deep packet inspection",
        "MOZILLA_PKIX_ERROR_MITM_DETECTED",
    ),
)
