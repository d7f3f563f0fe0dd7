"""A redirect that leaves HTTPS."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import scheme
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        target = hop.redirect_url
        if target is not None and scheme(hop) == "https" and target.lower().startswith("http:"):
            yield Observation(
                "A redirect leads from HTTPS to plain HTTP.", f"{hop.url} ({hop.status}) → {target}"
            )


RULE = Rule(
    id="http.insecure_redirect",
    severity="error",
    check=_check,
    title="A redirect from HTTPS to plain HTTP",
    meaning=(
        "The secure site sends its visitors to an address without TLS: everything after that can "
        "be read and changed on the way, the redirected request itself included. Often an "
        "application behind a TLS-ending proxy that builds absolute URLs with the inner scheme."
    ),
    see=("curl -sI https://HOST/ | grep -i ^location",),
    fix="Redirect to https://, or to a relative URL; tell the application the outer scheme.",
    references=("RFC 9110, 17.9", "RFC 6797, 7.2"),
    aliases=("https to http redirect", "downgrade redirect", "Mixed Content redirect"),
)
