"""The poisoning experiment as a table."""

from collections.abc import Iterator

from rich.text import Text

from firstbyte.lab.experiments.dns_poisoning.race import CONFIDENCE_WORDS, Measured, Result
from firstbyte.rendering.look import Look

_UNITS = (
    (365.25 * 86400, "years"),
    (86400.0, "days"),
    (3600.0, "hours"),
    (60.0, "minutes"),
    (1.0, "s"),
)
PORTS_FROM = 100
"""From this width on there is room for the column of ports."""


def table(result: Result, look: Look) -> list[Text]:
    """Measured odds beside the computed ones, and how long an attack takes."""
    attack = result.attack
    flood = f"{attack.packets_per_s:,.0f} forged answers a second"
    races = f"{attack.races:,} races each, {attack.guesses:,} guesses a race"
    wide = look.width >= PORTS_FROM
    ports = f"  {'right port':>10} {'computed':>10}" if wide else ""
    head = f"  {'odds of one race':25} {'computed':>9} {'measured':>9}   {CONFIDENCE_WORDS:<13}"
    return [
        Text("Poisoning a cache from off the path", style="title"),
        Text(f"  {flood}, {attack.window_s * 1000:g} ms until the true one"),
        Text(f"  {races}, seed {result.seed}"),
        Text(""),
        Text(f"{head} {'even odds':<14}{ports}".rstrip(), style="dim"),
        *(_row(row, result, look, wide=wide) for row in result.rows),
        Text(""),
        *_legend(result, look, wide=wide),
    ]


def _row(row: Measured, result: Result, look: Look, *, wide: bool) -> Text:
    low, high = row.interval
    span = f"{_odds(low)}–{_odds(high)}" if row.poisoned else f"under {_odds(high)}"
    sign = look.glyphs.good if row.agrees else look.glyphs.bad
    half = row.half_s(result.attack)
    after = "never" if half is None else _time(half)
    ports = f"  {row.reached:>10,} {row.reached_computed:>10,.1f}"
    shown = wide and row.defence.random_port
    return Text.assemble(
        f"  {row.defence.name:25} {_odds(row.computed):>9} {_odds(row.rate):>9} ",
        (sign, "good" if row.agrees else "error"),
        f" {look.words(span):<13} ",
        (f"{after:<14}" if shown else after, "error" if _is_soon(half) else "good"),
        ports if shown else "",
    )


def _legend(result: Result, look: Look, *, wide: bool) -> Iterator[Text]:
    good = look.glyphs.good
    yield Text(f"  {good} the computed odds lie in the measured interval of 95 % confidence")
    yield Text("  even odds: how long the attack must last to win with a chance of one half")
    guessed = [row for row in result.rows if row.defence.random_port]
    if not wide and guessed:
        reached = sum(row.reached for row in guessed)
        computed = sum(row.reached_computed for row in guessed)
        sent = sum(row.forged for row in guessed)
        yield Text(
            f"  random ports: {reached:,} of {sent:,} guesses came to the right one "
            f"(computed {computed:,.1f})"
        )


def _is_soon(seconds: float | None) -> bool:
    return seconds is not None and seconds < 86400


def _odds(value: float) -> str:
    if value == 0:
        return "0"
    if value < 0.0001:
        return f"{value:.1e}"
    return f"{value:.1%}" if value >= 0.01 else f"{value:.2%}"


def _time(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds * 1000:.0f} ms"
