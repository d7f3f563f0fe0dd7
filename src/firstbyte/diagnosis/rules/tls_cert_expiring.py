"""A certificate will expire soon."""

from collections.abc import Iterator

from firstbyte.diagnosis.certificates import chain, days_between, describe, openssl_command, whose
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.events.tls import Certificate
from firstbyte.journey.model import Hop, Journey

LIMIT_DAYS = 30
# Certificates of a few days are renewed late by design: a third of the life must remain.
SHORT_LIFE_DAYS = 60


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        for certificate in chain(hop):
            left = days_between(journey.started_at, certificate.not_after)
            if left is not None and 0 <= left <= _limit_days(certificate):
                yield _observe(hop, certificate, left)


def _limit_days(certificate: Certificate) -> float:
    life = days_between(certificate.not_before, certificate.not_after)
    return LIMIT_DAYS if life is None or life >= SHORT_LIFE_DAYS else life / 3


def _observe(hop: Hop, certificate: Certificate, left: float) -> Observation:
    text = whose(hop, certificate)
    return Observation(
        f"{text[0].upper()}{text[1:]} expires in {left:.0f} days.", describe(certificate)
    )


RULE = Rule(
    id="tls.cert.expiring",
    severity="warning",
    check=_check,
    title="The certificate expires soon",
    meaning=(
        "Less than 30 days are left (for certificates of less than 60 days: a third of their "
        "life). Automatic renewal should have replaced it by now; most likely it is broken."
    ),
    see=(
        openssl_command("-dates"),
        "certbot renew --dry-run",
    ),
    fix="Renew it now, reload the server, and find out why renewal did not happen by itself.",
    references=("RFC 5280, 4.1.2.5", "RFC 9773, 4"),
    aliases=("expiring certificate", "certificate will expire", "checkend"),
)
