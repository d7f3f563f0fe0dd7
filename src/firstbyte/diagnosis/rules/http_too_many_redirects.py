"""More redirects than the limit."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import failure
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey

_SHOWN = 5


def _check(journey: Journey) -> Iterator[Observation]:
    failed = failure(journey, "http.too_many_redirects")
    if failed is not None:
        last = " → ".join(hop.url for hop in journey.hops[-_SHOWN:])
        yield Observation(
            f"{len(journey.hops)} redirects were followed, and there was no end.",
            f"at last {last}; {failed.error.message}",
        )


RULE = Rule(
    id="http.too_many_redirects",
    severity="critical",
    check=_check,
    title="Too many redirects",
    meaning=(
        "Each response points to yet another URL, always a new one (a counter or token that "
        "changes), until the limit was reached. It is a loop in disguise."
    ),
    see=("curl -sIL --max-redirs 60 URL | grep -i ^location",),
    fix="Mend the rule that redirects; a cookie that is set but never accepted is a usual reason.",
    references=("RFC 9110, 15.4",),
    aliases=(
        "Maximum (50) redirects followed",
        "ERR_TOO_MANY_REDIRECTS",
        "Exceeded 30 redirects",
        "max redirects",
    ),
)
