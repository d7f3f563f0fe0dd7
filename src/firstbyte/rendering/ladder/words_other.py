"""What is below and above the protocols, in the words of the ladder."""

from firstbyte.events import Event, link, trace
from firstbyte.rendering.ladder.context import Context
from firstbyte.rendering.ladder.steps import Step
from firstbyte.rendering.ladder.words import Words, note_of, step_of


def _icmp(what: link.IcmpReceived, event: Event, context: Context) -> Step:
    mtu = f", MTU {what.mtu_bytes}" if what.mtu_bytes else ""
    label = f"ICMP {what.name} from {what.sender}{mtu}"
    return step_of(event, context, label, sent=False, bad=True)


def _dropped(what: link.PacketDropped, event: Event, context: Context) -> Step:
    return note_of(event, context, f"lost at {what.where}: {what.packet} ({what.reason})", bad=True)


def _hop(what: trace.HopStarted, event: Event, context: Context) -> Step | None:
    if not context.many_hops:
        return None
    reused = " (same connection)" if what.reused else ""
    label = f"{event.hop + 1}  {what.method} {what.url}{reused}"
    return note_of(event, context, label, heading=True)


def _failed(what: trace.Failed, event: Event, context: Context) -> Step:
    return note_of(event, context, f"{what.id}: {what.message}", bad=True)


WORDS: dict[type, Words] = {
    link.IcmpReceived: _icmp,
    link.PacketDropped: _dropped,
    trace.HopStarted: _hop,
    trace.Failed: _failed,
}
