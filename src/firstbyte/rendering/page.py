"""The whole page for one journey: headline, waterfall, ledger, findings; details on request."""

from collections.abc import Callable

from msgspec import Struct
from rich.text import Text

from firstbyte.journey.model import Journey
from firstbyte.rendering.details import details
from firstbyte.rendering.failure import failure
from firstbyte.rendering.findings import findings
from firstbyte.rendering.headline import headline, headline_facts, shown_url
from firstbyte.rendering.ladder import full_ladder, ladder
from firstbyte.rendering.ledger import causes_line, full_ledger, ledger_line
from firstbyte.rendering.look import Look
from firstbyte.rendering.waterfall import waterfall
from firstbyte.rendering.wrapping import fit, join_wrapped

INDENT = 2
Section = Callable[[Journey, Look], list[Text]]


class Detail(Struct, frozen=True):
    """How much to show: ``ladder`` adds the sequence diagram, ``verbose`` every layer's facts."""

    ladder: bool = False
    verbose: bool = False


PLAIN = Detail()
"""No option given."""


def page(journey: Journey, look: Look, detail: Detail = PLAIN) -> list[Text]:
    """The lines of the page, sections separated by an empty line."""
    lines: list[Text] = []
    for section in _sections(detail):
        block = section(journey, look)
        if block:
            lines.extend([Text("")] if lines else [])
            lines.extend(block)
    return lines


def _sections(detail: Detail) -> list[Section]:
    sections: list[Section] = [_head, failure, _times]
    if detail.verbose:
        sections.extend((full_ledger, details))
    if detail.ladder:
        sections.append(full_ladder if detail.verbose else ladder)
    return [*sections, findings]


def _head(journey: Journey, look: Look) -> list[Text]:
    line = Text.assemble(*headline(journey, look))
    if line.cell_len <= look.width:
        return [line]
    url = fit(shown_url(journey), look.width, look.glyphs.ellipsis)
    facts = [Text.assemble(fact) for fact in headline_facts(journey, look)]
    separator = Text(f" {look.glyphs.dot} ", style="dim")
    below = join_wrapped(facts, separator, look.width, INDENT)
    for row in below:  # a fact alone may be too long
        row.truncate(look.width, overflow="ellipsis" if look.unicode else "crop")
    return [Text(url, style="url"), *below]


def _times(journey: Journey, look: Look) -> list[Text]:
    if not any(_has_phases(hop.phases) for hop in journey.hops):
        return []
    return [
        *waterfall(journey, look),
        *ledger_line(journey, look),
        *causes_line(journey, look),
    ]


def _has_phases(phases: object) -> bool:
    return any(getattr(phases, name) is not None for name in phases.__struct_fields__)  # type: ignore[attr-defined]
