"""Segments that arrive (RFC 9293, section 3.10.7, with RFC 5961's and RFC 7323's checks)."""

from typing import TYPE_CHECKING

from firstbyte.events.tcp import Closed
from firstbyte.protocols.tcp.handshake import adopt
from firstbyte.protocols.tcp.output import answer_unacceptable, arm_rto, queue_ack, reset_for
from firstbyte.protocols.tcp.recovery import AckFacts, Phase
from firstbyte.protocols.tcp.scoreboard import Delivery
from firstbyte.protocols.tcp.segment import ACK, FIN, PSH, RST, SYN, Segment
from firstbyte.protocols.tcp.sequence import MASK, before, unwrap
from firstbyte.protocols.tcp.states import MAY_RECEIVE, Cause, State
from firstbyte.protocols.tcp.timers import DELAYED_ACK, NEVER, PERSIST, RTO, TIME_WAIT

if TYPE_CHECKING:
    from firstbyte.protocols.tcp.connection import Connection

PAWS_IDLE_NS = 24 * 24 * 3600 * 1_000_000_000
"""After 24 days of silence the remembered timestamp means nothing (RFC 7323, section 5.5)."""

FALLBACK_RTO_NS = 3_000_000_000
"""RFC 6298, section 5.7."""

READABLE, WRITABLE = 1, 2

_PLAIN = frozenset({ACK, ACK | PSH})


def arrive(connection: "Connection", segment: Segment, now_ns: int) -> None:
    """Take in one segment, by state."""
    state = connection.state
    if state is State.ESTABLISHED or state is State.FIN_WAIT_1:
        if not _take_predicted(connection, segment, now_ns):
            _in_others(connection, segment, now_ns)
    elif state is State.LISTEN:
        _in_listen(connection, segment, now_ns)
    elif state is State.SYN_SENT:
        _in_syn_sent(connection, segment, now_ns)
    elif state is not State.CLOSED:
        _in_others(connection, segment, now_ns)


def _take_predicted(c: "Connection", segment: Segment, now_ns: int) -> bool:
    """Header prediction (RFC 7323, section 5.6): the next data, or an ACK of some that was sent.

    That is what nearly every segment of a transfer is, and what most rules are not about. False
    when it is anything else: then nothing has been done, and the rules decide.
    """
    receiver, sender = c.receiver, c.sender
    seq, payload = receiver.nxt, segment.payload
    acked = (segment.ack - sender.una) & MASK
    if (
        segment.flags not in _PLAIN
        or segment.seq != seq & MASK
        or segment.options.sack_blocks
        or receiver.fin is not None
        or c.board.virtual
        or c.recovery.phase is not Phase.OPEN
        or c.timers.at[PERSIST] != NEVER
    ):
        return False
    if payload:
        if acked or c.orphaned or seq + len(payload) > receiver.edge:
            return False
    elif not 0 < acked <= min(sender.nxt, sender.end) - sender.una:
        # Old, or of what was never sent, or of our FIN, which changes the state.
        return False
    if c.timestamps_ok:
        stamp = segment.options.timestamp
        if stamp is None or (stamp[0] != c.ts_recent and before(stamp[0], c.ts_recent)):
            return False
        if seq <= c.last_ack_sent:
            c.ts_recent = stamp[0]
            c.ts_recent_ns = now_ns
    c.last_received_ns = now_ns
    c.probes = 0
    ack = sender.una + acked
    sender.update_window(seq, ack, segment.window << sender.scale)
    if payload:
        _take_data(c, payload, seq, now_ns)
    else:
        _take_next_ack(c, segment, ack, now_ns)
    return True


def _take_next_ack(c: "Connection", segment: Segment, ack: int, now_ns: int) -> None:
    delivery = c.board.acknowledge(ack)
    _advance(c, segment, ack, delivery, now_ns)
    if delivery.acked:
        _recover(c, delivery, False, now_ns)
    if not c.board.records:
        c.timers.cancel(RTO)


def _in_listen(c: "Connection", segment: Segment, now_ns: int) -> None:
    """RFC 9293, section 3.10.7.2."""
    if segment.flags & RST:
        return
    if segment.flags & ACK:
        reset_for(c, segment)
    elif segment.flags & SYN:
        c.last_received_ns = now_ns
        adopt(c, segment, now_ns)
        c.move(Cause.SYN, now_ns)


def _in_syn_sent(c: "Connection", segment: Segment, now_ns: int) -> None:
    """RFC 9293, section 3.10.7.3."""
    flags = segment.flags
    ack = unwrap(segment.ack, c.sender.una)
    if flags & ACK and not c.sender.iss < ack <= c.sender.nxt:
        if not flags & RST:
            reset_for(c, segment)
        return
    if flags & RST:
        if flags & ACK:
            c.fail(Cause.RST, "ECONNREFUSED", now_ns)
        return
    if not flags & SYN:
        return
    c.last_received_ns = now_ns
    adopt(c, segment, now_ns)
    if flags & ACK:
        _syn_acknowledged(c, segment, ack, now_ns)
        c.move(Cause.SYN_ACK, now_ns)
        c.acks.due = True
        _data_and_fin(c, segment, c.receiver.nxt, now_ns)
    else:
        c.move(Cause.SYN, now_ns)
        c.board.mark_head_lost()


def _syn_acknowledged(c: "Connection", segment: Segment, ack: int, now_ns: int) -> None:
    """Our SYN arrived: its round trip is the first measurement."""
    retried = c.retransmits
    delivery = c.board.acknowledge(ack)
    c.counters.delivered += delivery.delivered
    c.sender.una = ack
    c.recovery.begin(ack, _initial_window(c, retried))
    _measure(c, segment, delivery, now_ns)
    if c.rtt.srtt_ns is None:
        c.rtt.fall_back(FALLBACK_RTO_NS)
    c.retransmits = 0
    c.stalled_since_ns = None
    c.timers.cancel(RTO)


def _initial_window(c: "Connection", retried: int) -> int:
    """One segment when the handshake was lost more than once, as in Linux (RFC 5681, 3.1)."""
    return 1 if retried > 1 else c.config.initial_window_segments


def _in_others(c: "Connection", segment: Segment, now_ns: int) -> None:
    """RFC 9293, section 3.10.7.4."""
    flags = segment.flags
    seq = unwrap(segment.seq, c.receiver.nxt)
    if c.state is State.SYN_RECEIVED and flags & SYN and seq == c.receiver.irs:
        _syn_again(c, segment, now_ns)
        return
    if not _passes_checks(c, segment, seq, now_ns):
        return
    if flags & RST:
        _reset(c, seq, now_ns)
        return
    if flags & SYN:
        answer_unacceptable(c, segment, now_ns)
        return
    if not flags & ACK:
        return
    _remember_timestamp(c, segment, seq, now_ns)
    c.last_received_ns = now_ns
    c.probes = 0
    if not _acknowledge(c, segment, seq, now_ns):
        return
    if c.state is State.CLOSED:
        return
    if segment.payload or flags & FIN or c.receiver.fin is not None:
        _data_and_fin(c, segment, seq, now_ns)


def _passes_checks(c: "Connection", segment: Segment, seq: int, now_ns: int) -> bool:
    """PAWS and the window; what fails is answered with an ACK and dropped."""
    if c.timestamps_ok and _is_old(c, segment, now_ns) and not segment.flags & RST:
        answer_unacceptable(c, segment, now_ns)
        return False
    receiver = c.receiver
    nxt, edge = receiver.nxt, receiver.edge
    length = segment.length
    if (nxt <= seq <= edge) or (length and seq < nxt < seq + length):
        return True
    if not segment.flags & RST:
        if c.state is State.TIME_WAIT and segment.flags & FIN:
            c.timers.set(TIME_WAIT, now_ns + c.config.time_wait_ns)
        if length and seq < nxt:
            end = min(seq + len(segment.payload), nxt)
            receiver.duplicate = (seq, end) if seq < end else None
        _take_old_ack(c, segment)
        answer_unacceptable(c, segment, now_ns)
    return False


def _take_old_ack(c: "Connection", segment: Segment) -> None:
    """Keepalive probes and their answers have an old number, but prove that the peer lives."""
    if segment.flags & ACK and not segment.flags & SYN:
        ack = unwrap(segment.ack, c.sender.una)
        if ack == c.sender.una:
            c.probes = 0


def _is_old(c: "Connection", segment: Segment, now_ns: int) -> bool:
    """PAWS (RFC 7323, section 5.3)."""
    stamp = segment.options.timestamp
    if stamp is None or not before(stamp[0], c.ts_recent):
        return False
    return now_ns - c.ts_recent_ns < PAWS_IDLE_NS


def _remember_timestamp(c: "Connection", segment: Segment, seq: int, now_ns: int) -> None:
    """RFC 7323, section 4.3: only from a segment that covers what we acknowledged last."""
    stamp = segment.options.timestamp
    if stamp is None or not c.timestamps_ok or seq > c.last_ack_sent:
        return
    if not before(stamp[0], c.ts_recent):
        c.ts_recent = stamp[0]
        c.ts_recent_ns = now_ns


def _reset(c: "Connection", seq: int, now_ns: int) -> None:
    """Only the exact number resets; any other in the window is challenged (RFC 5961, 3.2)."""
    if seq != c.receiver.nxt:
        answer_unacceptable(c, None, now_ns)
        return
    c.fail(Cause.RST, _RESET_ERRORS.get(c.state, "ECONNRESET"), now_ns)


_RESET_ERRORS = {State.SYN_RECEIVED: "ECONNREFUSED", State.CLOSE_WAIT: "EPIPE"}
"""As Linux's tcp_reset reports it; all others are ECONNRESET."""


def _syn_again(c: "Connection", segment: Segment, now_ns: int) -> None:
    """The peer's first number again in SYN-RECEIVED.

    With an ACK it completes a simultaneous open (RFC 9293, figure 8); without one, our SYN ACK
    was lost: send it again.
    """
    if segment.flags & RST:
        return
    if not segment.flags & ACK:
        c.board.mark_head_lost()
        return
    ack = unwrap(segment.ack, c.sender.una)
    if c.sender.una < ack <= c.sender.nxt:
        c.sender.window = c.sender.max_window = segment.window
        _establish(c, segment, ack, now_ns)
        c.acks.due = True
    else:
        reset_for(c, segment)


def _establish(c: "Connection", segment: Segment, ack: int, now_ns: int) -> None:
    c.sender.una = c.sender.iss + 1
    _syn_acknowledged(c, segment, ack, now_ns)
    c.move(Cause.ACK_OF_SYN, now_ns)


def _acknowledge(c: "Connection", segment: Segment, seq: int, now_ns: int) -> bool:
    """The ACK field; tells whether the rest of the segment is to be processed."""
    sender = c.sender
    ack = unwrap(segment.ack, sender.una)
    if c.state is State.SYN_RECEIVED:
        if not sender.una < ack <= sender.nxt:
            reset_for(c, segment)
            return False
        sender.window = sender.max_window = segment.window << sender.scale
        _establish(c, segment, c.sender.iss + 1, now_ns)
    if ack > sender.nxt or ack < sender.una - sender.max_window:
        answer_unacceptable(c, None, now_ns)
        return False
    if c.state is State.TIME_WAIT:
        return True
    _take_ack(c, segment, seq, ack, now_ns)
    return True


def _take_ack(c: "Connection", segment: Segment, seq: int, ack: int, now_ns: int) -> None:
    sender, board = c.sender, c.board
    una = sender.una
    window_changed = sender.update_window(seq, ack, segment.window << sender.scale)
    if ack < una:
        return
    virtual = board.virtual
    delivery = board.acknowledge(ack) if ack > una else Delivery()
    if virtual and delivery.acked:
        # Duplicates have told of some of these already (NewReno).
        delivery.delivered = max(delivery.delivered - virtual, 1)
    blocks = segment.options.sack_blocks
    if blocks and c.sack_ok:
        _take_sack(c, blocks, ack, delivery)
    if ack > una:
        _advance(c, segment, ack, delivery, now_ns)
    duplicate = ack == una and not window_changed and not segment.length and bool(board.records)
    if delivery.acked or delivery.delivered or duplicate or c.recovery.phase is not Phase.OPEN:
        _recover(c, delivery, duplicate, now_ns)
    if not board.records:
        c.timers.cancel(RTO)
    if sender.window and c.timers.runs(PERSIST):
        c.timers.cancel(PERSIST)
        c.stalled_since_ns = None
        c.rtt.backoff = 0
        c.rtt.rto_ns = c.rtt.base_ns()
    if ack > una and sender.fin_queued and ack == sender.end + 1:
        _fin_acknowledged(c, now_ns)


def _take_sack(
    c: "Connection", wire: tuple[tuple[int, int], ...], ack: int, delivery: Delivery
) -> None:
    """SACK blocks beyond ``ack`` and within what was sent; others (DSACK, nonsense) are skipped."""
    near, nxt = c.sender.una, c.sender.nxt
    blocks = [(unwrap(left, near), unwrap(right, near)) for left, right in wire]
    blocks = [(left, right) for left, right in blocks if ack < right <= nxt and left < right]
    if not blocks:
        return
    sacked = c.board.sack(blocks)
    delivery.delivered += sacked.delivered
    if delivery.sent_ns is None and not delivery.acked:
        delivery.sent_ns = sacked.sent_ns


def _advance(c: "Connection", segment: Segment, ack: int, delivery: Delivery, now_ns: int) -> None:
    sender = c.sender
    sender.una = ack
    sender.release(ack)
    c.retransmits = 0
    c.stalled_since_ns = None
    _measure(c, segment, delivery, now_ns)
    if c.board.records:
        arm_rto(c, now_ns)
    if c.blocked and 3 * sender.room >= sender.capacity:
        c.blocked = False
        c.changed |= WRITABLE


def _measure(c: "Connection", segment: Segment, delivery: Delivery, now_ns: int) -> None:
    """A round trip from a segment sent once, else from the echoed timestamp (RFC 7323, 4.1)."""
    if delivery.sent_ns is not None and not delivery.retransmitted:
        c.rtt.sample(now_ns - delivery.sent_ns)
        return
    stamp = segment.options.timestamp
    if delivery.acked and c.timestamps_ok and stamp is not None and stamp[1]:
        elapsed_ms = (c.timestamp(now_ns) - stamp[1]) & MASK
        if elapsed_ms < 0x7FFFFFFF:
            c.rtt.sample(max(elapsed_ms, 1) * 1_000_000)


def _recover(c: "Connection", delivery: Delivery, duplicate: bool, now_ns: int) -> None:
    sender = c.sender
    c.counters.delivered += delivery.delivered
    congestion = c.recovery.congestion
    slow_start = congestion.cwnd < congestion.ssthresh
    limited = c.cwnd_limited or (slow_start and congestion.cwnd < 2 * c.max_outstanding)
    c.recovery.on_ack(
        AckFacts(
            sender.una,
            sender.nxt,
            delivery.acked,
            delivery.delivered,
            duplicate and not c.sack_ok,
            limited,
            now_ns,
            c.rtt.srtt_ns or 0,
        )
    )


def _fin_acknowledged(c: "Connection", now_ns: int) -> None:
    if c.state in {State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK}:
        c.move(Cause.ACK_OF_FIN, now_ns)


def _data_and_fin(c: "Connection", segment: Segment, seq: int, now_ns: int) -> None:
    payload = segment.payload
    if segment.flags & SYN:
        seq = c.receiver.nxt
    if payload and c.state in MAY_RECEIVE and not _take_data(c, payload, seq, now_ns):
        return
    if segment.flags & FIN:
        _note_fin(c, seq + len(payload))
    _take_fin(c, now_ns)


def _take_data(c: "Connection", payload: bytes, seq: int, now_ns: int) -> bool:
    """Keep the payload; false when nobody is there to read it and the connection was reset."""
    receiver = c.receiver
    c.counters.data_segments_in += 1
    if c.orphaned and seq + len(payload) > receiver.nxt:
        c.abort(now_ns)
        return False
    gap = bool(receiver.pieces)
    count = receiver.accept(seq, payload)
    if not count:
        c.acks.hurry()
        return True
    c.changed |= READABLE
    acks = c.acks
    if len(payload) > receiver.largest:
        receiver.largest = max(receiver.largest, min(len(payload), receiver.mss))
    acks.on_data(count, receiver.largest, now_ns, c.rtt.rto_ns)
    if gap:
        acks.due = True
    elif not acks.due and c.timers.at[DELAYED_ACK] == NEVER:
        c.timers.set(DELAYED_ACK, now_ns + c.config.delayed_ack_ns)
    if count >= receiver.largest and receiver.limit < receiver.limit_max:
        receiver.grow()
    return True


def _note_fin(c: "Connection", number: int) -> None:
    if c.receiver.fin is None and number <= c.receiver.edge:
        c.receiver.fin = number
    elif number < c.receiver.nxt:
        queue_ack(c)


def _take_fin(c: "Connection", now_ns: int) -> None:
    """Process the FIN once everything before it is here."""
    receiver = c.receiver
    if receiver.fin is None or receiver.nxt != receiver.fin:
        return
    receiver.nxt += 1
    receiver.edge = max(receiver.edge, receiver.nxt)
    c.acks.due = True
    c.changed |= READABLE
    c.tell(now_ns, Closed("fin"), "received")
    if c.state in MAY_RECEIVE:
        c.move(Cause.FIN, now_ns)
