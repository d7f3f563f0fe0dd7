"""Timers that fire: retransmission, window probes, delayed ACKs, keepalive, TIME-WAIT."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from firstbyte.events.tcp import TimerFired
from firstbyte.protocols.tcp.output import (
    arm_rto,
    probe_keepalive,
    probe_window,
    queue_reset,
    send_corked,
)
from firstbyte.protocols.tcp.rto import give_up_after_ns
from firstbyte.protocols.tcp.states import Cause, State
from firstbyte.protocols.tcp.timers import (
    CORK,
    DELAYED_ACK,
    KEEPALIVE,
    NAMES,
    PERSIST,
    RTO,
    TIME_WAIT,
)

if TYPE_CHECKING:
    from firstbyte.protocols.tcp.connection import Connection


def expire(c: "Connection", now_ns: int) -> None:
    """Let every timer fire whose time has come."""
    while (timer := c.timers.take_due(now_ns)) is not None:
        _FIRE[timer](c, now_ns)


def _tell(c: "Connection", timer: int, count: int, now_ns: int) -> None:
    if c.tracing:
        c.tell(now_ns, TimerFired(NAMES[timer], count))


def _retransmission(c: "Connection", now_ns: int) -> None:
    """RFC 6298, sections 5.4 to 5.6."""
    if not c.board.records:
        return
    if c.stalled_since_ns is None:
        c.stalled_since_ns = c.board.records[0].sent_ns
    if _exhausted(c, now_ns):
        c.fail(Cause.TIMEOUT, c.soft_error or "ETIMEDOUT", now_ns)
        return
    c.retransmits += 1
    _tell(c, RTO, c.retransmits, now_ns)
    c.recovery.on_timeout(now_ns, c.sender.nxt, first=c.retransmits == 1)
    c.rtt.back_off()
    arm_rto(c, now_ns)


def _exhausted(c: "Connection", now_ns: int) -> bool:
    """Give up? SYNs are counted; for data the time is what counts, as in Linux."""
    config = c.config
    waited = now_ns - (now_ns if c.stalled_since_ns is None else c.stalled_since_ns)
    if config.user_timeout_ns is not None and waited >= config.user_timeout_ns:
        return True
    if c.state is State.SYN_SENT:
        return c.retransmits >= config.syn_retries
    if c.state is State.SYN_RECEIVED:
        return c.retransmits >= config.synack_retries
    if not c.sender.window and now_ns - c.last_received_ns < 2 * config.max_rto_ns:
        # The peer took its window back with our data on the way, but it lives: this is a probe.
        return False
    return waited >= _patience_ns(c)


def _patience_ns(c: "Connection") -> int:
    config = c.config
    retries = min(config.orphan_retries, config.data_retries) if c.orphaned else config.data_retries
    return give_up_after_ns(retries, config.min_rto_ns, config.max_rto_ns)


def _persist(c: "Connection", now_ns: int) -> None:
    """The peer's window is closed: probe it, ever more rarely (RFC 9293, section 3.8.6.1)."""
    if c.board.records or c.sender.end <= c.sender.nxt:
        return
    if c.stalled_since_ns is None:
        c.stalled_since_ns = now_ns
    if _probes_exhausted(c, now_ns, c.stalled_since_ns):
        c.fail(Cause.TIMEOUT, c.soft_error or "ETIMEDOUT", now_ns)
        return
    c.probes += 1
    _tell(c, PERSIST, c.probes, now_ns)
    c.replies.append(probe_window(c, now_ns))
    c.rtt.back_off()
    if not c.board.records:
        at_ns, limit = now_ns + c.rtt.rto_ns, c.config.user_timeout_ns
        c.timers.set(PERSIST, at_ns if limit is None else min(at_ns, c.stalled_since_ns + limit))


def _probes_exhausted(c: "Connection", now_ns: int, since_ns: int) -> bool:
    """A peer that answers may keep its window closed for ever; a silent one may not.

    The user's own limit counts from the first probe, whatever the peer says, as in Linux.
    """
    limit = c.config.user_timeout_ns
    if limit is not None and now_ns - since_ns >= limit:
        return True
    retries = c.config.orphan_retries if c.orphaned else c.config.data_retries
    return c.probes > retries


def _delayed_ack(c: "Connection", now_ns: int) -> None:
    if c.acks.pending:
        _tell(c, DELAYED_ACK, 1, now_ns)
        c.acks.due = True


def restart_keepalive(c: "Connection", now_ns: int) -> None:
    """Wait for an idle time from now on, if keepalive is on."""
    if c.config.keepalive:
        c.timers.set(KEEPALIVE, now_ns + c.config.keepalive_idle_ns)
    else:
        c.timers.cancel(KEEPALIVE)


def _keepalive(c: "Connection", now_ns: int) -> None:
    """RFC 9293, section 3.8.4, at Linux's times."""
    config = c.config
    idle = now_ns - c.last_received_ns
    if c.board.records or c.sender.end > c.sender.nxt:
        restart_keepalive(c, now_ns)
    elif idle < config.keepalive_idle_ns:
        c.timers.set(KEEPALIVE, c.last_received_ns + config.keepalive_idle_ns)
    elif _keepalive_exhausted(c, idle):
        queue_reset(c, now_ns)
        c.fail(Cause.TIMEOUT, "ETIMEDOUT", now_ns)
    else:
        c.probes += 1
        _tell(c, KEEPALIVE, c.probes, now_ns)
        c.replies.append(probe_keepalive(c, now_ns))
        c.timers.set(KEEPALIVE, now_ns + config.keepalive_interval_ns)


def _keepalive_exhausted(c: "Connection", idle_ns: int) -> bool:
    """The user's own limit takes the place of the count of probes (tcp(7), TCP_USER_TIMEOUT)."""
    limit = c.config.user_timeout_ns
    if limit is None:
        return c.probes >= c.config.keepalive_probes
    return c.probes > 0 and idle_ns >= limit


def _time_wait(c: "Connection", now_ns: int) -> None:
    """2 MSL passed; or FIN-WAIT-2 of a closed connection has lasted long enough, as in Linux."""
    _tell(c, TIME_WAIT, 1, now_ns)
    c.move(Cause.TWO_MSL if c.state is State.TIME_WAIT else Cause.TIMEOUT, now_ns)


def _cork(c: "Connection", now_ns: int) -> None:
    segment = send_corked(c, now_ns)
    if segment is not None:
        c.replies.append(segment)


_FIRE: dict[int, Callable[["Connection", int], None]] = {
    RTO: _retransmission,
    PERSIST: _persist,
    DELAYED_ACK: _delayed_ack,
    KEEPALIVE: _keepalive,
    TIME_WAIT: _time_wait,
    CORK: _cork,
}
