"""Names in the words of the ladder: one short function a kind of event."""

from firstbyte.events import Event, dns
from firstbyte.rendering.ladder.context import Context
from firstbyte.rendering.ladder.steps import Step
from firstbyte.rendering.ladder.words import Words, note_of, step_of
from firstbyte.rendering.units import exact_size


def _question(what: dns.Question, event: Event, context: Context) -> Step:
    parts = [f"{what.type} {what.name.rstrip('.') or '.'}?"]
    if what.transport != "udp":
        parts.append(f"over {what.transport}")
    if what.attempt > 1:
        parts.append(f"attempt {what.attempt}")
    if len(context.resolvers) > 1:
        parts.append(f"@{what.server}")
    if what.zone is not None:
        parts.append(f"({what.zone})")
    return step_of(event, context, " ".join(parts), sent=True)


def _answer(what: dns.Answer, event: Event, context: Context) -> Step:
    question = context.questions.get(what.query)
    kind = question.type if question else "?"
    missing = what.kind == "nxdomain" and kind != "HTTPS"  # few names have an HTTPS record
    bad = missing or what.kind == "error"
    return step_of(event, context, f"{kind} {_meaning(what)}", sent=False, bad=bad)


def _meaning(what: dns.Answer) -> str:
    if what.kind == "answer" and what.answers:
        shown = ", ".join(record.data for record in what.answers[:3])
        more = f" and {len(what.answers) - 3} more" if len(what.answers) > 3 else ""
        return f"{shown}{more} · ttl {min(record.ttl_s for record in what.answers)}"
    if what.kind == "referral":
        zones = dict.fromkeys(r.name for r in what.authorities if r.type == "NS")
        return f"referral to {', '.join(zones) or 'another zone'}"
    words = {"nodata": "no such record", "nxdomain": "NXDOMAIN: no such name"}
    return words.get(what.kind, what.rcode) + (" · truncated" if "tc" in what.flags else "")


def _hosts(what: dns.HostsHit, event: Event, context: Context) -> Step:
    return note_of(event, context, f"{what.name} is {', '.join(what.addresses)} ({what.origin})")


def _dns_timeout(what: dns.TimedOut, event: Event, context: Context) -> Step:
    question = context.questions.get(what.query)
    subject = f"{question.type} @{question.server}" if question else f"question {what.query}"
    return note_of(event, context, f"{subject}: no answer in {what.waited_s:g} s", bad=True)


def _dns_failed(what: dns.QueryFailed, event: Event, context: Context) -> Step:
    question = context.questions.get(what.query)
    subject = f"{question.type} @{question.server}" if question else f"question {what.query}"
    return note_of(event, context, f"{subject}: {what.error}", bad=True)


def _fallback(what: dns.Fallback, event: Event, context: Context) -> Step:
    return note_of(event, context, f"falls back ({what.kind}): {what.detail}")


def _ignored(what: dns.Ignored, event: Event, context: Context) -> Step:
    label = f"ignored {exact_size(what.bytes)} from {what.server}: {what.reason}"
    return step_of(event, context, label, sent=False, bad=True)


WORDS: dict[type, Words] = {
    dns.Question: _question,
    dns.Answer: _answer,
    dns.HostsHit: _hosts,
    dns.TimedOut: _dns_timeout,
    dns.QueryFailed: _dns_failed,
    dns.Fallback: _fallback,
    dns.Ignored: _ignored,
}
