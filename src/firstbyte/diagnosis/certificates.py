"""Checks that the ten certificate findings share: one for each id that verification gives."""

from collections.abc import Callable, Iterator
from datetime import datetime

from firstbyte.diagnosis.evidence import failure, host
from firstbyte.diagnosis.rule import Observation
from firstbyte.events.tls import Certificate, VerifyError
from firstbyte.journey.model import Hop, Journey

Sentence = Callable[[Hop, Certificate | None], str]


def certificate_fault(finding_id: str, say: Sentence) -> Callable[[Journey], Iterator[Observation]]:
    """A check for chains of which verification said ``finding_id``.

    ``say`` makes the sentence of the hop and the certificate at fault (null when it is not known).
    The finding is critical where it ended the journey, otherwise (``-k``) an error.
    """

    def check(journey: Journey) -> Iterator[Observation]:
        for hop in journey.hops:
            errors = faults(hop, finding_id)
            if errors:
                yield _observe(journey, hop, errors, say)
        failed = failure(journey, finding_id)
        if failed is not None and not faults(failed.hop, finding_id):
            yield Observation(say(failed.hop, leaf(failed.hop)), failed.error.message, "critical")

    return check


def _observe(
    journey: Journey, hop: Hop, errors: tuple[VerifyError, ...], say: Sentence
) -> Observation:
    certificate = at_depth(hop, errors[0].depth)
    ended = failure(journey, *{error.finding for error in hop_errors(hop)})
    evidence = "; ".join(f"depth {e.depth}: {e.name} ({e.code}), {e.message}" for e in errors)
    if certificate is not None:
        evidence += f"; {describe(certificate)}"
    return Observation(say(hop, certificate), evidence, "critical" if ended else "error")


def hop_errors(hop: Hop) -> tuple[VerifyError, ...]:
    """Everything that verification said of the hop's chain."""
    return hop.tls.verify.errors if hop.tls is not None and hop.tls.verify is not None else ()


def faults(hop: Hop, finding_id: str) -> tuple[VerifyError, ...]:
    """What it said under one id."""
    return tuple(error for error in hop_errors(hop) if error.finding == finding_id)


def chain(hop: Hop) -> tuple[Certificate, ...]:
    """The chain as sent, else as built; leaf first."""
    return (hop.tls.certificates or hop.tls.chain) if hop.tls is not None else ()


def leaf(hop: Hop) -> Certificate | None:
    """The server's own certificate."""
    return next(iter(chain(hop)), None)


def at_depth(hop: Hop, depth: int) -> Certificate | None:
    """The certificate at a depth of the chain that was verified."""
    built = hop.tls.chain if hop.tls is not None else ()
    for certificate in (*built, *chain(hop)):
        if certificate.depth == depth:
            return certificate
    return None


def describe(certificate: Certificate) -> str:
    """A certificate in one line of evidence."""
    return (
        f"{certificate.subject}, issued by {certificate.issuer}, valid "
        f"{certificate.not_before} to {certificate.not_after}"
    )


def whose(hop: Hop, certificate: Certificate | None) -> str:
    """As "the certificate of host", or of the authority in its chain that is meant."""
    if certificate is None or certificate.depth == 0:
        return f"the certificate of {host(hop)}"
    return f"the certificate of {certificate.subject}, in the chain of {host(hop)},"


def days_between(earlier: str, later: str) -> float | None:
    """Days from one RFC 3339 time to another; null when either cannot be read."""
    try:
        gap = datetime.fromisoformat(later) - datetime.fromisoformat(earlier)
    except (ValueError, TypeError):
        return None
    return gap.total_seconds() / 86_400


def openssl_command(fields: str) -> str:
    """The command that prints some fields of a server's certificate: "-dates", "-subject"."""
    connect = "openssl s_client -connect HOST:443 -servername HOST </dev/null"
    return f"{connect} | openssl x509 -noout {fields}"
