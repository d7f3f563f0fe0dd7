"""Names: each question with its server, time, outcome and records."""

from rich.text import Text

from firstbyte.events.dns import Record
from firstbyte.journey.model import DnsQuestion, Hop
from firstbyte.rendering.details.rows import joined, row
from firstbyte.rendering.look import Look
from firstbyte.rendering.units import duration, exact_size


def name_facts(hop: Hop, look: Look) -> list[Text]:
    """Questions and answers with TTLs, then the addresses that were tried in this order."""
    dns = hop.dns
    if dns is None:
        return []
    lines: list[Text] = []
    for question in dns.questions:
        lines.extend(row(question.type, _question(question), look))
        for record in question.answers:
            lines.extend(row("", _record(record), look, "number"))
    lines.extend(row("from", dns.origin or "", look))
    lines.extend(row("canonical name", dns.canonical_name or "", look))
    lines.extend(row("dnssec", dns.security or "", look))
    lines.extend(row("addresses", ", ".join(dns.addresses), look))
    return lines


def _question(question: DnsQuestion) -> str:
    asked = f"{question.name} @{question.server} {question.transport}"
    took = "no answer" if question.duration_ms is None else duration(question.duration_ms)
    size = None if question.answer_bytes is None else exact_size(question.answer_bytes)
    return joined(
        (
            asked,
            f"attempt {question.attempt}" if question.attempt > 1 else None,
            took,
            question.rcode,
            " ".join(question.flags),
            "no such record" if question.kind == "nodata" else None,
            f"zone {question.zone}" if question.zone else None,
            size,
            question.extended_error,
            question.error,
        )
    )


def _record(record: Record) -> str:
    return f"{record.name} {record.ttl_s} {record.type} {record.data}"
