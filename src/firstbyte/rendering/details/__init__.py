"""``-v``: the facts of every layer, request by request; one module a layer."""

from collections.abc import Callable

from rich.text import Text

from firstbyte.journey.model import Hop, Journey
from firstbyte.rendering.details.http import http_facts
from firstbyte.rendering.details.names import name_facts
from firstbyte.rendering.details.quic import quic_facts
from firstbyte.rendering.details.tcp import tcp_facts
from firstbyte.rendering.details.tls import tls_facts
from firstbyte.rendering.escape import escape
from firstbyte.rendering.look import Look
from firstbyte.rendering.wrapping import fit

LAYERS: tuple[tuple[str, Callable[[Hop, Look], list[Text]]], ...] = (
    ("dns", name_facts),
    ("tcp", tcp_facts),
    ("quic", quic_facts),
    ("tls", tls_facts),
    ("http", http_facts),
)


def details(journey: Journey, look: Look) -> list[Text]:
    """All layers of all hops, each under its name."""
    lines: list[Text] = []
    many = len(journey.hops) > 1
    for number, hop in enumerate(journey.hops, start=1):
        for name, facts in LAYERS:
            block = facts(hop, look)
            if block:
                lines.extend([Text("")] if lines else [])
                lines.append(_title(name, f"{number}  " if many else "", hop, look))
                lines.extend(block)
    return lines


def _title(name: str, number: str, hop: Hop, look: Look) -> Text:
    rule = look.glyphs.rule
    line = Text(f"{rule * 2} {number}", style="dim").append(name, style=f"layer.{name}")
    room = look.width - line.cell_len - 6
    subject = fit(look.words(escape(hop.url)), room, look.glyphs.ellipsis) if number else ""
    line.append(f"  {subject}" if subject else "", style="dim")
    return line.append(" " + rule * (look.width - line.cell_len - 1), style="dim")
