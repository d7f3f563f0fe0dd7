"""Segments that leave: answers, retransmissions, new data, acknowledgements."""

from typing import TYPE_CHECKING

from firstbyte.events.tcp import Closed
from firstbyte.protocols.tcp.handshake import syn_options
from firstbyte.protocols.tcp.options import NO_OPTIONS, TcpOptions
from firstbyte.protocols.tcp.scoreboard import Sent
from firstbyte.protocols.tcp.segment import ACK, FIN, PSH, RST, SYN, Segment
from firstbyte.protocols.tcp.sequence import MASK
from firstbyte.protocols.tcp.states import State
from firstbyte.protocols.tcp.tell import segment_event
from firstbyte.protocols.tcp.timers import CORK, DELAYED_ACK, NEVER, PERSIST, RTO

if TYPE_CHECKING:
    from firstbyte.protocols.tcp.connection import Connection

CORK_NS = 200_000_000
"""A corked segment leaves after this time anyway, as in Linux."""

SENDING = frozenset(
    {
        State.ESTABLISHED,
        State.CLOSE_WAIT,
        State.FIN_WAIT_1,
        State.CLOSING,
        State.LAST_ACK,
    }
)
OPENING = frozenset({State.SYN_SENT, State.SYN_RECEIVED})


def flush(c: "Connection", now_ns: int) -> list[Segment]:
    """Everything that may leave now, in order."""
    out: list[Segment] = []
    if c.replies:
        out, c.replies = c.replies, out
    state = c.state
    if state in SENDING:
        if c.board.lost:
            _retransmit(c, now_ns, out)
        _send_new(c, now_ns, out)
    elif state in OPENING:
        _send_syn(c, now_ns, out)
    if c.acks.due and state not in _SILENT:
        out.append(_make(c, now_ns, c.sender.nxt, ACK, b""))
    if c.tracing:
        _tell(c, now_ns, out)
    c.counters.segments_out += len(out)
    return out


_SILENT = frozenset({State.CLOSED, State.LISTEN, State.SYN_SENT})


def _tell(c: "Connection", now_ns: int, out: list[Segment]) -> None:
    for segment in out:
        c.tell(now_ns, segment_event(c, segment, "sent"), "sent")


def _send_syn(c: "Connection", now_ns: int, out: list[Segment]) -> None:
    """The SYN, or SYN ACK: first, or again after a timeout or a simultaneous open."""
    sender = c.sender
    if sender.nxt == sender.iss:
        record = Sent(sender.iss, sender.iss + 1, now_ns, syn=True)
        c.board.records.append(record)
        sender.nxt = sender.iss + 1
        _start_rto(c, now_ns)
        out.append(_render(c, record, now_ns))
    elif c.board.lost:
        _retransmit(c, now_ns, out)


def _retransmit(c: "Connection", now_ns: int, out: list[Segment]) -> None:
    """Send again what is lost, as far as the congestion window allows."""
    allowance = c.recovery.allowance()
    while allowance > 0:
        record = c.board.next_lost()
        if record is None:
            return
        out.append(resend(c, record, now_ns))
        allowance -= 1


def resend(c: "Connection", record: Sent, now_ns: int) -> Segment:
    """Make the segment of ``record`` again."""
    c.board.resend(record, now_ns)
    c.recovery.sent(1)
    c.counters.retransmitted_segments += 1
    c.counters.bytes_retransmitted += record.end - record.start - record.fin - record.syn
    segment = _render(c, record, now_ns)
    segment.retransmission = True
    _start_rto(c, now_ns)
    return segment


def _render(c: "Connection", record: Sent, now_ns: int) -> Segment:
    if record.syn:
        flags = SYN if c.state is State.SYN_SENT else SYN | ACK
        return _make_syn(c, now_ns, record.start, flags)
    end = record.end - record.fin
    payload = c.sender.data(record.start, end) if end > record.start else b""
    flags = ACK | FIN if record.fin else ACK
    if payload and end == c.sender.end:
        flags |= PSH
    return _make(c, now_ns, record.start, flags, payload)


def _send_new(c: "Connection", now_ns: int, out: list[Segment]) -> None:
    sender = c.sender
    unsent = sender.base + len(sender.buffer) - sender.nxt
    if unsent < 0 or (not unsent and not sender.fin_queued):
        return
    board, recovery, config = c.board, c.recovery, c.config
    if not board.records:
        _restart_after_idle(c, now_ns)
    allowance = recovery.allowance()
    begun = len(out)
    allowance -= _send_full(c, allowance, now_ns, out)
    while allowance > 0:
        length = sender.next_length(
            alone=not board.records, hold_small=not config.nodelay, corked=config.cork
        )
        fin = sender.fin_queued and sender.nxt + length == sender.end
        if not length and not fin:
            break
        out.append(_make_new(c, length, fin, now_ns))
        allowance -= 1
        if fin:
            break
    if len(out) > begun:
        recovery.sent(len(out) - begun)
    _after_sending(c, now_ns, allowance <= 0)


def _send_full(c: "Connection", most: int, now_ns: int, out: list[Segment]) -> int:
    """Up to ``most`` full segments, of which nothing but numbers and bytes differ; gives how many.

    As segmentation offload does it. The last one of all that is written needs a closer look.
    """
    sender, mss = c.sender, c.sender.mss
    unsent, usable = sender.end - sender.nxt, sender.una + sender.window - sender.nxt
    count = min(most, (unsent - 1) // mss, usable // mss)
    if count <= 0 or _sack_bytes(c):
        return 0
    records, start = c.board.records, sender.nxt
    head = _make(c, now_ns, start, ACK, b"")
    for begin in range(start, start + count * mss, mss):
        records.append(Sent(begin, begin + mss, now_ns))
        out.append(
            Segment(
                head.source_port,
                head.destination_port,
                begin & MASK,
                head.ack,
                ACK,
                head.window,
                sender.data(begin, begin + mss),
                head.options,
            )
        )
    sender.nxt += count * mss
    c.counters.data_segments_out += count
    c.counters.bytes_sent += count * mss
    c.acks.on_sent(now_ns)
    _start_rto(c, now_ns)
    return count


def _make_new(c: "Connection", length: int, fin: bool, now_ns: int) -> Segment:
    sender = c.sender
    start, all_written = sender.nxt, sender.end
    full = sender.mss - _sack_bytes(c)
    length = min(length, full)
    end = start + length
    fin = fin and end == all_written
    c.board.records.append(Sent(start, end + fin, now_ns, fin=fin))
    sender.nxt = end + fin
    flags = ACK | FIN if fin else ACK
    payload = b""
    if fin and c.tracing:
        c.tell(now_ns, Closed("fin"), "sent")
    if length:
        payload = sender.data(start, end)
        if end == all_written:
            flags |= PSH
        if length < full:
            sender.small_end = end
        c.counters.data_segments_out += 1
        c.counters.bytes_sent += length
        c.acks.on_sent(now_ns)
    _start_rto(c, now_ns)
    return _make(c, now_ns, start, flags, payload)


def _sack_bytes(c: "Connection") -> int:
    """What SACK blocks take away from the payload of a segment."""
    receiver = c.receiver
    if not c.sack_ok or not (receiver.recent or receiver.duplicate):
        return 0
    blocks = min(len(receiver.recent) + (receiver.duplicate is not None), _max_blocks(c))
    return 4 + 8 * blocks


def _max_blocks(c: "Connection") -> int:
    return 3 if c.timestamps_ok else 4


def _start_rto(c: "Connection", now_ns: int) -> None:
    """RFC 6298, section 5.1: the timer runs while anything is outstanding."""
    if c.timers.at[RTO] == NEVER:
        arm_rto(c, now_ns)
    c.last_sent_ns = now_ns


def arm_rto(c: "Connection", now_ns: int) -> None:
    """(Re)start the retransmission timer; the user's own limit is met on time, as in Linux."""
    at_ns = now_ns + c.rtt.rto_ns
    limit = c.config.user_timeout_ns
    if limit is not None:
        since = now_ns if c.stalled_since_ns is None else c.stalled_since_ns
        at_ns = min(at_ns, max(since + limit, now_ns))
    c.timers.set(RTO, at_ns)


def _restart_after_idle(c: "Connection", now_ns: int) -> None:
    last = c.last_sent_ns
    if last is None or not c.config.slow_start_after_idle:
        return
    idle = now_ns - last
    if idle > c.rtt.rto_ns:
        c.recovery.congestion.on_idle(idle // c.rtt.rto_ns)


def _after_sending(c: "Connection", now_ns: int, blocked: bool) -> None:
    """What keeps the rest waiting? The congestion window, the peer's window, or a cork."""
    sender, outstanding = c.sender, len(c.board.records)
    unsent = sender.end - sender.nxt
    limited = blocked and unsent > 0
    if sender.una >= c.usage_point or limited or outstanding > c.max_outstanding:
        c.cwnd_limited = limited
        c.max_outstanding = outstanding
        c.usage_point = sender.nxt
    if unsent <= 0:
        return
    if not outstanding and not c.config.cork and not c.timers.runs(PERSIST):
        c.timers.set(PERSIST, now_ns + c.rtt.rto_ns)
    if c.config.cork and not c.timers.runs(CORK):
        c.timers.set(CORK, now_ns + CORK_NS)


def probe_window(c: "Connection", now_ns: int) -> Segment:
    """Ask for the window: what fits it, else a segment that must be answered (as in Linux)."""
    sender = c.sender
    usable = min(sender.una + sender.window - sender.nxt, sender.end - sender.nxt, sender.mss)
    if usable > 0:
        return _make_new(c, usable, sender.fin_queued, now_ns)
    return _make(c, now_ns, sender.una - 1, ACK, b"")


def probe_keepalive(c: "Connection", now_ns: int) -> Segment:
    """An old number makes the peer answer (RFC 9293, section 3.8.4)."""
    return _make(c, now_ns, c.sender.una - 1, ACK, b"")


def send_corked(c: "Connection", now_ns: int) -> Segment | None:
    """The cork's time is over: let the small segment go."""
    sender = c.sender
    usable = min(sender.una + sender.window - sender.nxt, sender.end - sender.nxt, sender.mss)
    if usable <= 0 or c.recovery.allowance() <= 0:
        return None
    return _make_new(c, usable, False, now_ns)


def queue_ack(c: "Connection") -> None:
    """An acknowledgement leaves at the next poll."""
    c.acks.due = True


def send_ack(c: "Connection", now_ns: int) -> None:
    """Make the acknowledgement that is due now, with what is known now."""
    if c.state not in _SILENT:
        c.replies.append(_make(c, now_ns, c.sender.nxt, ACK, b""))


def answer_unacceptable(c: "Connection", segment: Segment | None, now_ns: int) -> None:
    """Answer with the numbers that we expect: a (challenge) ACK, but not too often (RFC 5961, 7).

    Segments with data are always answered, as in Linux: the peer needs it to go on.
    """
    last = c.ack_answered_ns
    has_data = segment is not None and segment.payload
    if not has_data and last is not None and now_ns - last < c.config.challenge_interval_ns:
        return
    if not has_data:
        c.ack_answered_ns = now_ns
    c.acks.due = True


def reset_for(c: "Connection", segment: Segment) -> None:
    """Refuse a segment that does not belong here (RFC 9293, section 3.10.7.1)."""
    c.replies.append(make_reset(segment))


def make_reset(segment: Segment) -> Segment:
    """The RST that answers ``segment`` when there is no connection for it."""
    ports = segment.destination_port, segment.source_port
    if segment.flags & ACK:
        return Segment(*ports, segment.ack, 0, RST, 0)
    return Segment(*ports, 0, (segment.seq + segment.length) & MASK, RST | ACK, 0)


def queue_reset(c: "Connection", now_ns: int) -> None:
    """RST with our next number: the peer must forget the connection."""
    c.replies.append(_make(c, now_ns, c.sender.nxt, RST | ACK, b""))


def split_records(c: "Connection") -> None:
    """The path takes less: cut what is too long, and send it again (RFC 1191, section 6.4)."""
    mss, records = c.sender.mss, list(c.board.records)
    c.board.records.clear()
    for record in records:
        if record.end - record.start <= mss or record.syn:
            c.board.records.append(record)
            continue
        if not record.sacked:
            c.board.mark_lost(record)
        _split(c, record, mss)


def _split(c: "Connection", record: Sent, mss: int) -> None:
    board = c.board
    for start in range(record.start, record.end, mss):
        piece = Sent(start, min(start + mss, record.end), record.sent_ns)
        piece.sacked, piece.lost, piece.retries = record.sacked, record.lost, record.retries + 1
        piece.fin = record.fin and piece.end == record.end
        board.records.append(piece)
        if start > record.start:
            board.lost += piece.lost
            board.sacked += piece.sacked


def _make_syn(c: "Connection", now_ns: int, seq: int, flags: int) -> Segment:
    window = min(c.receiver.limit, 0xFFFF)
    ack = c.receiver.nxt & MASK if flags & ACK else 0
    if flags & ACK:
        _acknowledged(c)
    options = syn_options(c, now_ns)
    return Segment(c.local_port, c.remote_port, seq & MASK, ack, flags, window, b"", options)


def _make(c: "Connection", now_ns: int, seq: int, flags: int, payload: bytes) -> Segment:
    receiver = c.receiver
    window = receiver.offer()
    segment = Segment(
        c.local_port,
        c.remote_port,
        seq & MASK,
        receiver.nxt & MASK,
        flags,
        window,
        payload,
        _options(c, now_ns, c.sender.mss - len(payload)),
    )
    _acknowledged(c)
    return segment


def _acknowledged(c: "Connection") -> None:
    c.last_ack_sent = c.receiver.nxt
    c.acks.acknowledged()
    if c.timers.at[DELAYED_ACK] != NEVER:
        c.timers.cancel(DELAYED_ACK)


def _options(c: "Connection", now_ns: int, room: int) -> TcpOptions:
    """Timestamps, and SACK blocks as far as ``room`` bytes beside the payload hold them.

    A full segment that is sent again has no room: blocks would take it over the MTU. The object
    is shared while the options stay the same.
    """
    receiver = c.receiver
    blocks: tuple[tuple[int, int], ...] = ()
    if c.sack_ok and (receiver.recent or receiver.duplicate):
        limit = max(0, min(_max_blocks(c), (room - 4) // 8))
        blocks = tuple((left & MASK, right & MASK) for left, right in receiver.sack_blocks(limit))
    if not c.timestamps_ok:
        return TcpOptions(sack_blocks=blocks) if blocks else NO_OPTIONS
    stamp = (c.timestamp(now_ns), c.ts_recent)
    cached = c.stamped
    if cached is not None and cached.timestamp == stamp and cached.sack_blocks == blocks:
        return cached
    c.stamped = TcpOptions(timestamp=stamp, sack_blocks=blocks)
    return c.stamped
