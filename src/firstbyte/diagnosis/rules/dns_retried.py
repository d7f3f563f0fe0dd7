"""A resolver was silent before another try worked."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import ms_text, name, questions, questions_text, spent_ms
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        asked = questions(hop)
        lost = [q for q in asked if q.duration_ms is None and q.error and not q.zone]
        if lost and hop.dns is not None and hop.dns.addresses:
            servers = ", ".join(dict.fromkeys(q.server for q in lost))
            waited = ms_text(spent_ms(journey, "dns_wait", hop))
            yield Observation(
                f"{name(hop)} was resolved at last, but {servers} did not answer at first.",
                f"waited {waited}; {questions_text(hop)}",
            )


RULE = Rule(
    id="dns.retried",
    severity="warning",
    check=_check,
    title="A DNS server did not answer, another try did",
    meaning=(
        "A question went unanswered or failed, and the resolver waited out its timeout (5 s by "
        "default) before it tried again. It works, so nobody notices; yet every lookup pays. "
        "A dead first nameserver in resolv.conf is the classic reason, dropped packets another."
    ),
    see=("cat /etc/resolv.conf", "for s in SERVERS; do dig @$s +time=1 +tries=1 NAME; done"),
    fix="Remove or mend the nameserver that does not answer.",
    cures=(
        "Set `options timeout:1 attempts:2 rotate` in resolv.conf to limit the harm.",
        "If only AAAA or HTTPS questions are dropped, mend the middlebox that drops them.",
    ),
    references=("RFC 1035, 7.2", "resolv.conf(5)"),
    aliases=(
        "5 second dns delay",
        "dns timeout retry",
        "slow first lookup",
        "single-request-reopen",
    ),
)
