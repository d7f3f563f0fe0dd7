"""A detour over plain HTTP."""

from collections.abc import Iterator
from itertools import pairwise

from firstbyte.diagnosis.evidence import header, host, ms_text, scheme
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for hop, following in pairwise(journey.hops):
        if scheme(hop) != "http" or scheme(following) != "https":
            continue
        hsts = header(following, "strict-transport-security")
        lacks = "" if hsts else ", and no HSTS header spares it the next time"
        yield Observation(
            f"{host(hop)} redirects to HTTPS: a detour of "
            f"{ms_text(following.start_ms - hop.start_ms)}{lacks}.",
            f"{hop.url} ({hop.status}) → {following.url}",
        )


RULE = Rule(
    id="http.redirect_to_https",
    severity="info",
    check=_check,
    title="Redirect from HTTP to HTTPS",
    meaning=(
        "The plain request cost a connection and a round trip, and whoever is on the way could "
        "have answered it instead. With Strict-Transport-Security a browser goes to HTTPS by "
        "itself from the second visit on, and with preloading from the first."
    ),
    see=("curl -sI http://HOST/", "curl -sI https://HOST/ | grep -i strict-transport"),
    fix="Link to https:// and send Strict-Transport-Security: max-age=31536000.",
    references=("RFC 6797, 7.1", "RFC 9110, 15.4"),
    aliases=("HSTS", "Strict-Transport-Security", "http to https redirect"),
)
