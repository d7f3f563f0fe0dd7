"""Redirects in a circle."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import failure
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    failed = failure(journey, "http.redirect_loop")
    if failed is not None:
        way = " → ".join(f"{hop.url} ({hop.status})" for hop in journey.hops)
        again = failed.hop.redirect_url or failed.hop.url
        yield Observation(
            f"The redirects go in a circle: {again} was asked for before.",
            f"{way} → {again}; {failed.error.message}",
        )


RULE = Rule(
    id="http.redirect_loop",
    severity="critical",
    check=_check,
    title="Redirect loop",
    meaning=(
        "Following the redirects leads back to a request that was made already, with the same "
        "method and cookies: it would never end. Typical: a balancer that ends TLS, and an "
        "application behind it that sees http and redirects to https, for ever."
    ),
    see=("curl -sIL --max-redirs 5 URL | grep -i -e ^HTTP -e ^location",),
    fix="Let the application see the outer scheme (X-Forwarded-Proto), or redirect in one place.",
    cures=("Two rules that fight (www against bare name, slash against none): keep one.",),
    references=("RFC 9110, 15.4",),
    aliases=(
        "ERR_TOO_MANY_REDIRECTS loop",
        "redirected you too many times",
        "curl: (47)",
        "This page isn't redirecting properly",
        "TooManyRedirects",
        "stopped after 10 redirects",
        "NS_ERROR_REDIRECT_LOOP",
        "redirect count exceeded",
    ),
)
