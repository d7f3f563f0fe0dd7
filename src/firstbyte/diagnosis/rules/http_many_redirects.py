"""A chain of redirects before the answer."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import ms_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey

ALLOWED = 1


def _check(journey: Journey) -> Iterator[Observation]:
    redirects = journey.hops[:-1]
    if len(redirects) > ALLOWED and journey.outcome.ok:
        spent = journey.hops[-1].start_ms
        yield Observation(
            f"{len(redirects)} redirects came before the answer and took {ms_text(spent)}.",
            " → ".join(f"{hop.url} ({hop.status})" for hop in redirects)
            + f" → {journey.hops[-1].url}",
        )


RULE = Rule(
    id="http.many_redirects",
    severity="warning",
    check=_check,
    title="A chain of redirects",
    meaning=(
        "Each redirect costs at least a round trip, and a name, a connection and a handshake "
        "more when it leads to another host. Chains grow when rules pile up: http to https, "
        "bare name to www, without to with a slash."
    ),
    see=("curl -sIL URL | grep -i -e ^HTTP -e ^location",),
    fix="Redirect once, directly to the final URL, and link to that.",
    references=("RFC 9110, 15.4",),
    aliases=("redirect chain", "Avoid multiple page redirects", "time_redirect"),
)
