"""The poisoning experiment as a table."""

from rich.text import Text

from firstbyte.lab.experiments.dns_poisoning import Measured, Result
from firstbyte.rendering.look import Look

_UNITS = (
    (365.25 * 86400, "years"),
    (86400.0, "days"),
    (3600.0, "hours"),
    (60.0, "minutes"),
    (1.0, "s"),
)


def table(result: Result, look: Look) -> list[Text]:
    """Measured odds beside the computed ones, and how long an attack takes."""
    attack = result.attack
    flood = f"{attack.packets_per_s:,.0f} forged answers a second"
    races = f"{attack.races:,} races each, {attack.guesses:,} guesses a race"
    lines = [
        Text("Poisoning a cache from off the path", style="title"),
        Text(f"  {flood}, {attack.window_s * 1000:g} ms until the true one"),
        Text(f"  {races}, seed {result.seed}"),
        Text(""),
        Text(f"  {'':25} {'computed':>9} {'measured':>9}   {'95 %':<13} even odds", style="dim"),
    ]
    return lines + [_row(row, result, look) for row in result.rows]


def _row(row: Measured, result: Result, look: Look) -> Text:
    low, high = row.interval
    span = f"{_odds(low)}–{_odds(high)}" if row.poisoned else f"under {_odds(high)}"
    sign = look.glyphs.good if row.agrees else look.glyphs.bad
    half = row.half_s(result.attack)
    after = "never" if half is None else _time(half)
    return Text.assemble(
        f"  {row.defence.name:25} {_odds(row.computed):>9} {_odds(row.rate):>9} ",
        (sign, "good" if row.agrees else "error"),
        f" {look.words(span):<13} ",
        (after, "error" if half is not None and half < 86400 else "good"),
    )


def _odds(value: float) -> str:
    if value == 0:
        return "0"
    return f"{value:.1%}" if value >= 0.001 else f"{value:.1e}"


def _time(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds * 1000:.0f} ms"
