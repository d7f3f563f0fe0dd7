"""The zone's servers, each with what it can do."""

from collections.abc import Sequence

from rich.text import Text

from firstbyte.journey.resolution import Inspected
from firstbyte.rendering.escape import escape
from firstbyte.rendering.look import Look
from firstbyte.rendering.units import duration
from firstbyte.rendering.wrapping import fit

_HEADS = f"{'time':>9} {'serial':>10}  {'EDNS':4} {'TCP':4} {'AXFR':6} "
_NAMED = {(True, True): "both", (True, False): "parent only", (False, True): "zone only"}
_NAMED_CELLS = 11


def audit(zone: str, servers: Sequence[Inspected], look: Look) -> list[Text]:
    """A row for each server and address."""
    room = max(16, look.width - 2 - len(_HEADS) - _NAMED_CELLS - 1)
    wide = min(room, max((len(_both(one)) for one in servers), default=0))
    lines = [Text.assemble(("The servers of ", "title"), (escape(zone), "title"))]
    if not servers:
        return [*lines, Text("  none that could be found", style="error")]
    lines.append(Text(f"  {'':{wide}} {_HEADS}named by", style="dim"))
    named = ""
    for one in servers:
        lines += _row(one, wide, look, again=one.server == named)
        named = one.server
    return lines


def _both(one: Inspected) -> str:
    return f"{escape(one.server)} {escape(one.address)}"


def _row(one: Inspected, wide: int, look: Look, *, again: bool) -> list[Text]:
    both = _both(one)
    lines = []
    if len(both) > wide:
        name = Text("  " + fit(escape(one.server), look.width - 2, look.glyphs.ellipsis))
        lines = [] if again else [name]
        both = "  " + escape(one.address)
    line = Text(f"  {fit(both, wide, look.glyphs.ellipsis):{wide}} ")
    if one.edns is None:
        words = look.words(f"{look.glyphs.bad} {escape(one.failure or 'no answer')}")
        return [*lines, line.append(fit(words, look.width - line.cell_len), "error")]
    took = "" if one.rtt_ms is None else duration(one.rtt_ms)
    serial = "not auth." if not one.authoritative else one.serial
    line.append(f"{took:>9} ")
    line.append(f"{'' if serial is None else serial:>10}  ", "" if one.authoritative else "error")
    for can, cells in ((one.edns, 5), (one.tcp, 5)):
        line.append(f"{'yes' if can else 'no':{cells}}", "good" if can else "error")
    line.append(f"{'open' if one.transfer else 'closed':7}", "warning" if one.transfer else "good")
    named = _NAMED.get((one.delegated, one.own is not False), "")
    line.append(named, "" if named == "both" else "warning")
    return [*lines, line]
