"""The ledger line, what the time went to by cause, and the whole ledger."""

from collections.abc import Iterator
from itertools import groupby

from rich.text import Text

from firstbyte.journey.model import Interval, Journey, Totals, us
from firstbyte.rendering.bars import Axis, bar
from firstbyte.rendering.escape import escape
from firstbyte.rendering.look import Look
from firstbyte.rendering.units import decimals_for, duration, milliseconds, trips
from firstbyte.rendering.wrapping import join_wrapped, pad, wrap

INDENT = 2
SMALL_SHARE = 0.01
"""Causes below this share of the total are summed up as "other" in the short form."""
MOST_PIECES = 12
"""A transfer that consists of more intervals is told as a sum for each cause."""
_PAUSES = frozenset({"server_time", "behind_proxy"})
NARROWEST_EVIDENCE = 30
"""Cells; with less room beside its row, evidence stands below."""


def ledger_line(journey: Journey, look: Look) -> list[Text]:
    """First byte, last byte, path RTT, round trips against the minimum, server, unaccounted."""
    parts = [
        Text.assemble((f"{name} ", "dim"), (look.words(value), "number"))
        for name, value in _totals(journey.totals)
    ]
    return join_wrapped(parts, _separator(look), look.width, INDENT)


def causes_line(journey: Journey, look: Look) -> list[Text]:
    """What the time went to, most first."""
    total_us = sum(us(interval.duration_ms) for interval in journey.ledger)
    if not total_us:
        return []
    parts = [
        Text.assemble(
            f"{_cause(cause, look)} ",
            (duration(spent / 1000), "number"),
            (f" {spent / total_us:.0%}", "dim"),
        )
        for cause, spent in _by_cause(journey.ledger, total_us)
    ]
    parts[0] = Text.assemble(("time went to ", "dim"), parts[0])
    return join_wrapped(parts, _separator(look), look.width, INDENT)


def full_ledger(journey: Journey, look: Look) -> list[Text]:
    """Each interval with its bar, cause and evidence; they sum to the total."""
    if not journey.ledger:
        return []
    total_ms = journey.totals.last_byte_ms
    decimals = decimals_for(total_ms)
    axis = Axis(total_ms, max(16, look.width // 5))
    cause_cells = max(len(interval.cause) for interval in journey.ledger) + 2
    lines = []
    for interval in folded(journey.ledger):
        lines.extend(_interval(interval, axis, (cause_cells, decimals), look))
    label = pad("", axis.cells + INDENT + cause_cells)
    sum_words = milliseconds(total_ms, decimals).rjust(9)
    lines.append(Text.assemble(label, (sum_words, "number"), ("  total", "dim")))
    return lines


def folded(ledger: tuple[Interval, ...]) -> Iterator[Interval]:
    """The ledger with long alternations within a transfer summed up, one row for each cause.

    A row that is a sum stands where its first piece stood; the sum of all rows is unchanged.
    """
    for flowing, group in groupby(ledger, _is_of_a_transfer):
        rows = list(group)
        if not flowing or len(rows) <= MOST_PIECES:
            yield from rows
            continue
        by_cause: dict[str, list[Interval]] = {}
        for row in rows:
            by_cause.setdefault(row.cause, []).append(row)
        yield from map(_sum_of, by_cause.values())


def _is_of_a_transfer(interval: Interval) -> bool:
    return interval.cause.startswith("transfer_") or interval.cause in _PAUSES


def _sum_of(rows: list[Interval]) -> Interval:
    if len(rows) == 1:
        return rows[0]
    longest = max(rows, key=lambda row: row.duration_ms)
    counted = [row.round_trips for row in rows if row.round_trips is not None]
    return Interval(
        rows[0].cause,
        rows[0].start_ms,
        sum(us(row.duration_ms) for row in rows) / 1000,
        sum(counted) if counted else None,
        f"{len(rows)} times, the longest {duration(longest.duration_ms)}: {longest.evidence}",
    )


def _interval(interval: Interval, axis: Axis, columns: tuple[int, int], look: Look) -> list[Text]:
    cause_cells, decimals = columns
    drawn = bar(axis, interval.start_ms, interval.start_ms + interval.duration_ms, look)
    row = Text.assemble(
        " " * INDENT,
        pad(_cause(interval.cause, look), cause_cells),
        (drawn.replace(look.glyphs.grid, " "), "info"),
        (milliseconds(interval.duration_ms, decimals).rjust(9), "number"),
        (trips(interval.round_trips).rjust(6), ""),
    )
    return [row, *_evidence(row, interval.evidence, look)]


def _evidence(row: Text, evidence: str, look: Look) -> list[Text]:
    """Beside the row if there is room for it (then the row grows), otherwise below."""
    if not evidence:
        return []
    words = look.words(escape(evidence))
    beside = look.width - row.cell_len - 2
    if beside >= NARROWEST_EVIDENCE:
        first, *more = wrap(words, beside)
        lead = row.cell_len + 2
        row.append(f"  {first}", style="dim")
    else:
        lead, more = 2 * INDENT, wrap(words, look.width - 2 * INDENT)
    return [Text(" " * lead + line, style="dim") for line in more]


def _cause(cause: str, look: Look) -> str:
    """A cause in words: "server time" for ``server_time``."""
    return look.words(escape(cause)).replace("_", " ")


def _totals(totals: Totals) -> list[tuple[str, str]]:
    return [
        ("first byte", _known(totals.first_byte_ms)),
        ("last byte", _known(totals.last_byte_ms)),
        ("path RTT", _known(totals.rtt_ms)),
        ("round trips", _round_trips(totals)),
        ("server", _known(totals.server_ms)),
        ("unaccounted", _known(totals.unaccounted_ms)),
    ]


def _known(value_ms: float | None) -> str:
    return "unknown" if value_ms is None else duration(value_ms)


def _round_trips(totals: Totals) -> str:
    used = trips(totals.round_trips) or "unknown"
    if totals.minimum_round_trips is None:
        return used
    return f"{used} (minimum {trips(totals.minimum_round_trips)})"


def _by_cause(ledger: tuple[Interval, ...], total_us: int) -> list[tuple[str, int]]:
    spent: dict[str, int] = {}
    for interval in ledger:
        spent[interval.cause] = spent.get(interval.cause, 0) + us(interval.duration_ms)
    ordered = sorted(spent.items(), key=lambda item: -item[1])
    shown = [item for item in ordered if item[1] >= SMALL_SHARE * total_us]
    other = total_us - sum(value for _, value in shown)
    return [*shown, ("other", other)] if other else shown


def _separator(look: Look) -> Text:
    return Text(f"  {look.glyphs.dot}  ", style="dim")
