"""The answer first, then the walk, the chain of trust, and what there is to say."""

from collections.abc import Sequence

from rich.text import Text

from firstbyte.journey.resolution import Exchange, Outcome
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import ede
from firstbyte.protocols.dns.message import Message, Record
from firstbyte.protocols.dns.presentation import rcode_text, shown
from firstbyte.rendering.dns_audit import audit
from firstbyte.rendering.dns_dig import decoded
from firstbyte.rendering.dns_trust import trust
from firstbyte.rendering.dns_walk import ladder, walk
from firstbyte.rendering.escape import escape
from firstbyte.rendering.findings import blocks as finding_blocks
from firstbyte.rendering.look import Look
from firstbyte.rendering.units import duration, size
from firstbyte.rendering.wrapping import wrap

VERDICT_STYLES = {
    "secure": "good",
    "insecure": "warning",
    "bogus": "error",
    "indeterminate": "warning",
}
_NAME_MOST = 34
_PORTS = {"tls": 853, "https": 443, "http": 80}


def page(outcome: Outcome, look: Look, *, draw_ladder: bool = False) -> list[Text]:
    """The lines of the page, sections separated by an empty line."""
    blocks = []
    for index, exchange in enumerate(outcome.exchanges):
        verdict = outcome.verdicts[index] if outcome.verdicts else None
        reasons = outcome.reasons[index] if outcome.reasons else ()
        blocks.append(answer(exchange, verdict, reasons, look))
    if outcome.walk is not None:
        drawing = ladder if draw_ladder else walk
        blocks += [drawing(outcome.walk, look), trust(outcome.chain, look)]
    if outcome.audited is not None:
        blocks.append(audit(outcome.audited, outcome.inspected, look))
    blocks.append(finding_blocks(outcome.findings, look))
    lines: list[Text] = []
    for block in filter(None, blocks):
        lines += [Text("")] * bool(lines) + block
    return lines


def answer(
    exchange: Exchange, verdict: str | None, reasons: Sequence[str], look: Look
) -> list[Text]:
    """What was asked, what came, and from where."""
    message = decoded(exchange.response)
    head = Text.assemble((escape(exchange.name), "title"), " ", (exchange.type, "title"), "  ")
    if message is None:
        why = exchange.failure or "the answer is malformed"
        mark = look.words(f"{look.glyphs.bad} ")
        parts = wrap(look.words(escape(why)), max(20, look.width - head.cell_len - len(mark)))
        lead = " " * (head.cell_len + len(mark))
        first = head.append(mark + parts[0], "error")
        return [first, *(Text(lead + part, style="error") for part in parts[1:])]
    status = rcode_text(message.rcode)
    head.append(status, "good" if status == "NOERROR" else "error")
    judged = verdict or ("authenticated by the server" if message.flags & dns.AD else None)
    if judged:
        head.append(", ").append(judged, VERDICT_STYLES.get(judged, "good"))
    lines = [head, *_records(message, look)]
    lines += _because(_said(message, reasons), look)
    lines.append(Text(look.words("  " + _source(exchange, message)), style="dim"))
    for said in (exchange.tls, *exchange.notes):
        parts = wrap(look.words(escape(said or "")), look.width - 2) if said else []
        lines += [Text("  " + part, style="dim") for part in parts]
    return lines


def _said(message: Message, reasons: Sequence[str]) -> list[str]:
    """What the answer's extended errors say, and what they do not say already."""
    said = [
        f"{ede.name(code)}: {text}" if text else ede.name(code)
        for code, text in ede.errors(message.edns)
    ]
    return said + [reason for reason in reasons if not any(reason in known for known in said)]


def _because(reasons: Sequence[str], look: Look) -> list[Text]:
    return [
        Text("  " + part, style="warning")
        for reason in reasons
        for part in wrap(look.words(escape(reason)), look.width - 2)
    ]


def _records(message: Message, look: Look) -> list[Text]:
    records = message.answer
    note = ""
    if not records:
        records = [record for record in message.authority if record.rdtype in (dns.SOA, dns.NS)]
        note = "no data; the zone says:" if records else "no records"
    lines = [Text("  " + note, style="dim")] if note else []
    width = min(_NAME_MOST, max((len(escape(shown(r).name)) for r in records), default=0))
    for record in records:
        lines += _record(record, width, look)
    return lines


def _record(record: Record, width: int, look: Look) -> list[Text]:
    text = shown(record)
    name = escape(text.name)
    head = f"  {name:{width}} {text.ttl_s:>7}  {text.type:<6} "
    room = look.width - len(head)
    if room < 20:
        lines = [Text(f"  {name}")]
        head = " " * (width + 3) + f"{text.ttl_s:>7}  {text.type:<6} "
        room = max(20, look.width - len(head))
    else:
        lines = []
    parts = wrap(escape(text.data), room) or [""]
    lines.append(Text.assemble(head, (parts[0], "title")))
    lines += [Text.assemble(" " * len(head), (part, "title")) for part in parts[1:]]
    return lines


def _source(exchange: Exchange, message: Message) -> str:
    flags = " ".join(dns.flag_words(message.flags))
    took = duration(exchange.rtt_ms or 0.0)
    if exchange.transport == "iteration":
        return f"resolved from the root in {took} · flags {flags}"
    port = "" if exchange.port == _PORTS.get(exchange.transport, 53) else f" port {exchange.port}"
    way = exchange.transport.upper()
    tries = f" · attempt {exchange.attempts}" if exchange.attempts > 1 else ""
    where = f"from {escape(exchange.server)}{port} over {way} in {took}"
    return f"{where} · {size(message.size_bytes)} · flags {flags}{tries}"
