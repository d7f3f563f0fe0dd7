"""The certificate demands a staple, and none came."""

from collections.abc import Iterator

from firstbyte.diagnosis.certificates import chain, leaf
from firstbyte.diagnosis.evidence import host
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        certificate = leaf(hop)
        if certificate is None or not certificate.must_staple or not _asked(hop):
            continue
        fault = _fault(hop)
        if fault is not None:
            yield Observation(
                f"The certificate of {host(hop)} demands an OCSP staple, and {fault}.",
                f"{certificate.subject} has the TLS feature status_request; "
                f"{len(chain(hop))} certificates came, and {fault}",
            )


def _asked(hop: Hop) -> bool:
    """Whether the ClientHello asked for a staple: only then must one come."""
    messages = hop.tls.messages if hop.tls is not None else ()
    hellos = [message for message in messages if message.type == "client_hello"]
    return any("status_request" in hello.detail.get("extensions", ()) for hello in hellos)


def _fault(hop: Hop) -> str | None:
    staple = hop.tls.staple if hop.tls is not None else None
    if staple is None:
        return "no staple came"
    if staple.valid is False:
        return f"the staple ({staple.status}) is not valid"
    return None if staple.status in {"good", "revoked"} else f"the staple says {staple.status}"


RULE = Rule(
    id="tls.cert.must_staple",
    severity="error",
    check=_check,
    title="The certificate demands a staple that did not come",
    meaning=(
        "The certificate says that its server always brings proof of its own that it is not "
        "revoked. Clients that hold it to its word break off when the proof is missing or stale; "
        "others, curl and OpenSSL among them, go on and notice nothing."
    ),
    see=("openssl s_client -connect HOST:443 -servername HOST -status </dev/null",),
    fix="Turn OCSP stapling on (nginx: ssl_stapling on; with a resolver), and look at its log.",
    cures=(
        "The responder may be unreachable from the server: it must have fetched an answer first.",
        "Several public CAs have ended OCSP: get a certificate without the feature.",
    ),
    references=("RFC 7633, 4.2.3.1", "RFC 6066, 8"),
    aliases=(
        "MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING",
        "must-staple",
        "OCSP must staple",
        "status_request TLS feature",
        "curl: (91)",
    ),
)
